"""`jietan admin`: organizations, accounts, kiosks and one-time links from a shell on the server.

For whoever may read the data folder; it needs no running web program.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import ValidationError

from server import clock, signing_key
from server.backup import making, reading, restoring, sealing
from server.backup.manifest import BackupFailed
from server.backup.progress import in_words
from server.domain.flow import LetterKind
from server.domain.states import StaffRole
from server.errors import JietanError
from server.jobs.running import offer_first_link, open_store
from server.letters import wordtemplates
from server.protocol.accounts import GivenPassword, NewOrganization, NewUser
from server.protocol.kiosks import NewKiosk
from server.reception.account import accounts, passwords, two_step
from server.reception.kiosk import kiosks
from server.reception.matter import issued
from server.reception.paper import printing
from server.reception.record import recordings, timestamps
from server.settings import Settings
from server.store import accounts as store_accounts
from server.store.access import Actor
from server.store.engine import Store
from server.store.models import Organization
from server.store.records import note_access

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Organizations, accounts, kiosks and links, from a shell.")

OrganizationCode = Annotated[str, typer.Option("--organization", help="Short code of the organization.")]


class _Refused(typer.Exit):
    """Ends the command with status 1 after saying why."""

    def __init__(self, why: str) -> None:
        typer.echo(f"jietan admin: {why}", err=True)
        super().__init__(1)


def _open() -> tuple[Settings, Store]:
    settings = Settings()
    return settings, open_store(settings)


def _shell_actor() -> Actor:
    """The shell's user stands above every organization."""
    return Actor(name="shell", organization_id=0, organization_path="/", role=StaffRole.ADMINISTRATOR)


def _password() -> str:
    """From the terminal, asked twice; from a pipe, its first line."""
    if sys.stdin.isatty():
        return str(typer.prompt("密码（至少 10 个字符）", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def _passphrase() -> str:
    """What a backup is encrypted with: from the terminal, or the first line of a pipe."""
    if sys.stdin.isatty():
        return str(typer.prompt("备份的口令", hide_input=True))
    return sys.stdin.readline().rstrip("\n")


def _new_passphrase() -> str:
    given = str(typer.prompt("备份的口令（至少 10 个字符）", hide_input=True, confirmation_prompt=True)) if sys.stdin.isatty() else _passphrase()
    if len(given) < sealing.SHORTEST_PASSPHRASE:
        raise _Refused(f"口令至少要 {sealing.SHORTEST_PASSPHRASE} 个字符。")
    return given


def _why(error: ValidationError) -> str:
    """Which options are wrong; never their values."""
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False))


@app.command("create-organization")
def create_organization(
    name: str,
    code: Annotated[str, typer.Option(help="Short code, opens every case number: A to Z and 0 to 9.")],
    parent: Annotated[str, typer.Option(help="Short code of the organization above; empty: a root.")] = "",
) -> None:
    """Add an organization."""
    _settings, store = _open()
    try:
        asked = NewOrganization(name=name, parent_id=0, code=code)
        with store.write() as session:
            above = store_accounts.organization_by_code(session, parent) if parent else None
            if parent and above is None:
                raise _Refused(f"no organization {parent}")
            organization = accounts.add_organization(session, asked.name, asked.code, above)
        typer.echo(f"organization {organization.id}")
    except ValidationError as error:
        raise _Refused(_why(error)) from None
    except JietanError as error:
        raise _Refused(error.message) from None


@app.command("create-user")
def create_user(
    username: str,
    name: Annotated[str, typer.Option(help="Name shown to others.")],
    role: Annotated[StaffRole, typer.Option(help="What the account may do.")],
    organization: OrganizationCode,
    title: Annotated[str, typer.Option(help="Post shown to petitioners.")] = "",
) -> None:
    """Add an account; the password is asked for, or read from standard input."""
    _settings, store = _open()
    try:
        with store.write() as session:
            home = _organization(store_accounts.organization_by_code(session, organization), organization)
            asked = NewUser(
                username=username,
                name=name,
                role=role.value,
                title=title,
                organization_id=home.id,
                password=_password(),
            )
            user = accounts.add_user(session, home, asked)
        typer.echo(f"user {user.id}")
    except ValidationError as error:
        raise _Refused(_why(error)) from None
    except JietanError as error:
        raise _Refused(error.message) from None


@app.command("reset-password")
def reset_password(
    username: str,
    without_second_step: Annotated[bool, typer.Option("--without-second-step", help="Also turn the second step of its log-in off.")] = False,
) -> None:
    """A password for somebody who forgot theirs, which they change at their next log-in; it is asked for, or read from
    standard input."""
    _settings, store = _open()
    try:
        given = GivenPassword(password=_password())
    except ValidationError as error:
        raise _Refused(_why(error)) from None
    hashed = passwords.hash_password(given.password)
    with store.write() as session:
        user = store_accounts.user_by_name(session, username)
        if user is None:
            raise _Refused(f"no account {username}")
        accounts.set_password(session, user, hashed)
        if without_second_step:
            two_step.turn_off(user)
        note_access(session, accounts.actor_of_user(user), "shell_password", "user", str(user.id), clock.now())
    typer.echo(f"user {user.id}")


def _organization(found: Organization | None, code: str) -> Organization:
    if found is None:
        raise _Refused(f"no organization {code}")
    return found


@app.command("create-kiosk")
def create_kiosk(name: str, organization: OrganizationCode) -> None:
    """Add a kiosk and print its one-time enrolment link."""
    settings, store = _open()
    try:
        with store.write() as session:
            home = _organization(store_accounts.organization_by_code(session, organization), organization)
            asked = NewKiosk(name=name, organization_id=home.id)
            kiosk = kiosks.create_kiosk(session, _shell_actor(), asked)
            enrolment = kiosks.enrolment(session, kiosk, settings.base_url)
        typer.echo(enrolment.url)
    except ValidationError as error:
        raise _Refused(_why(error)) from None
    except JietanError as error:
        raise _Refused(error.message) from None


@app.command()
def link() -> None:
    """Print a fresh one-time link for the first administrator, while there is no account."""
    settings, store = _open()
    url = offer_first_link(settings, store)
    if url is None:
        raise _Refused("there are accounts already; an administrator can add more")
    typer.echo(url)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A reception's recording folder.")],
    key: Annotated[Path | None, typer.Option(help="Public key (PEM) of who signed it; left out: this installation's.")] = None,
) -> None:
    """Check a recording's files, chain and signature, that it is the one in the filed record, and the time stamps of both."""
    settings, store = _open()
    public_key = _public_key(key or signing_key.public_path(settings))
    try:
        found = recordings.verify_folder(store, folder, public_key)
        stamps = timestamps.verify(store, settings, recordings.manifest_in(folder))
    except OSError as error:
        raise _Refused(f"{folder}: {error.strerror}") from None
    for words in (*(one.words for one in found), *(one.words for one in stamps)):
        typer.echo(words)
    if not found:
        typer.echo("文件、清单和签名都对得上。")
    if found or any(one.wrong for one in stamps):
        raise typer.Exit(1)


def _public_key(path: Path) -> bytes:
    try:
        return signing_key.read_public(path.read_bytes())
    except OSError as error:
        raise _Refused(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise _Refused(f"{path}: {error}") from None


@app.command()
def status() -> None:
    """Say what is in the store and whether the web program answers."""
    settings, store = _open()
    with store.read() as session:
        users = store_accounts.count_users(session)
        organizations = len(store_accounts.organizations_under(session, "/"))
        kiosk_count = len(store_accounts.kiosks_under(session, "/"))
    typer.echo(f"organizations {organizations}, users {users}, kiosks {kiosk_count}")
    typer.echo(f"web {_web_state(settings)}")


def _web_state(settings: Settings) -> str:
    try:
        answer = httpx.get(f"http://{settings.web_host}:{settings.web_port}/readyz", timeout=3, trust_env=False)
        return str(answer.json()["status"])
    except (httpx.HTTPError, ValueError, KeyError):
        return "does not answer"


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="Folder to be made, e.g. /mnt/backup/2026-11-30; earlier ones beside it are not stored twice.")],
    encrypt: Annotated[bool, typer.Option(help="Encrypt it; the passphrase is asked for, or read from standard input.")] = False,
    full: Annotated[bool, typer.Option(help="Copy recordings that an earlier backup beside it has, too, instead of linking them.")] = False,
) -> None:
    """Back up databases, keys, settings and closed recordings while the office runs."""
    passphrase = _new_passphrase() if encrypt else ""
    try:
        made = making.back_up(Settings(), target, passphrase=passphrase, full=full)
    except BackupFailed as error:
        raise _Refused(error.message) from None
    if not encrypt:
        typer.echo("注意：这份备份没有加密，里面有密钥、账号和群众的个人信息、录音录像。只交给有权保管的人。", err=True)
    else:
        typer.echo("这份备份里有密钥、账号和群众的个人信息、录音录像，已用口令加密。口令丢了，谁也打不开。", err=True)
    if made.open_segments:
        typer.echo(f"有 {made.open_segments} 个文件正在录，没有备份进去，下一次会备份。", err=True)
    for path in made.damaged:
        typer.echo(f"{path}：和它自己清单里登记的不一样，请用 jietan admin verify 检查。照现在的样子备份了。", err=True)
    for path in made.missing:
        typer.echo(f"{path}：清单里登记了，文件却不在，备份里也没有。", err=True)
    told = {"backup": str(made.folder), "files": len(made.manifest.files), "bytes": made.manifest.size, "linked_bytes": made.linked,
            "revision": made.manifest.revision, "version": made.manifest.product, "encrypted": encrypt,
            "holds": ["keys", "personal data"], "open_segments": made.open_segments, "damaged": made.damaged, "missing": made.missing,
            "seconds": made.seconds}  # fmt: skip
    typer.echo(json.dumps(told, ensure_ascii=False))


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A backup.")],
    check: Annotated[bool, typer.Option("--check", help="Only read it and check every file.")] = False,
) -> None:
    """Restore a backup into an empty data folder and, with PostgreSQL, an empty database; stop the office first."""
    try:
        if check:
            known = reading.open_backup(source.absolute(), _passphrase)
            told = {"backup": str(source), "files": len(known.manifest.files), "bytes": known.manifest.size, "whole": True,
                    "seconds": reading.check(known)}  # fmt: skip
        else:
            told = _restored(Settings(), source)
    except BackupFailed as error:
        raise _Refused(error.message) from None
    typer.echo(json.dumps(told, ensure_ascii=False))


def _restored(settings: Settings, source: Path) -> dict[str, object]:
    done = restoring.restore(settings, source, _passphrase)
    known = done.manifest
    typer.echo(
        f"恢复了 {known.made_at.astimezone():%Y-%m-%d %H:%M} 的备份：{len(known.files)} 个文件，{in_words(known.size)}，在 {settings.data_dir}。",
        err=True,
    )
    if (settings.data_dir / restoring.RESTORED_SETTINGS).exists():
        typer.echo(f"原来的设置在 {settings.data_dir / restoring.RESTORED_SETTINGS}，请对照着改。", err=True)
    if known.revision != done.revision:
        typer.echo("备份是旧版本做的，数据表已经升级。", err=True)
    if done.other_secret:
        typer.echo("设置 secret 和备份里的不一样：原来的在 secret.key。发出去的登录和链接要重新来。", err=True)
    return {"restored": str(settings.data_dir), "files": len(known.files), "bytes": known.size, "made_at": known.made_at.isoformat(),
            "version": known.product, "revision": done.revision, "migrated_from": known.revision, "seconds": done.seconds}  # fmt: skip


@app.command("letter-templates")
def letter_templates(
    write: Annotated[bool, typer.Option(help="Put the shipped templates into the data folder, where the office edits them; what is there stays.")] = False,
) -> None:
    """Say which Word templates printed letters are made from, and what is wrong with the office's own."""
    settings = Settings()
    folder = settings.data_dir / printing.FOLDER
    if write:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*printing.NAMES, issued.TEMPLATE):
            if not (folder / f"{name}.docx").exists():
                shutil.copy(wordtemplates.SHIPPED / f"{name}.docx", folder)
    for name in printing.NAMES:
        typer.echo(f"{name}: {printing.template_of(name, settings.data_dir).path}")
    for kind in LetterKind:
        typer.echo(f"{issued.TEMPLATE}-{kind}: {issued.template_of(kind, settings.data_dir).path}")
    problems = [*printing.template_problems(settings.data_dir), *issued.template_problems(settings.data_dir)]
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
