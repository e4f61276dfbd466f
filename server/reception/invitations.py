"""Asking others to a reception: colleagues by their account, guests by a link that works once.

Whoever is invited sits, sees and speaks in that one reception; the invitation opens no record and no case.
"""

import contextlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain.states import Consent, ReceptionState, StaffRole
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unavailable, WrongState
from server.protocol.base import Role
from server.protocol.office import Colleague, Invited, JoinTicket, NewInvitation
from server.protocol.office import Invitation as InvitationView
from server.protocol.signalling import MAX_OBSERVERS, MAX_PARTICIPANTS
from server.protocol.transcript import SeatLanguage
from server.reception import kiosks, queue, tickets
from server.reception.accounts import digest, new_token
from server.reception.office import Office
from server.settings import Settings
from server.store import accounts, receptions
from server.store import invitations as store
from server.store.access import Actor
from server.store.models import Invitation, Participant, Reception, User

LASTS = timedelta(hours=12)
"""So long an invitation waits to be used."""
COLLEAGUES_SHOWN = 30
NODE_WAIT_S = 3.0
OTHERS = MAX_PARTICIPANTS - 2
"""Seats beside the petitioner and the leader."""
GONE = "这个链接不能用了，请联系邀请您的人。"


def invite(session: Session, actor: Actor, settings: Settings, reception_id: str, asked: NewInvitation) -> InvitationView:
    """Ask somebody to a reception that waits or runs; a guest's link is told this once.

    Raises NotAllowed for a leader who is not its receiver, WrongState when it is over, Conflict when all seats are
    given away, InvalidInput for nobody or somebody who cannot be asked.
    """
    reception = _reception(session, actor, reception_id)
    _require_seat_left(session, actor, reception, asked.role)
    user = None if asked.user_id is None else _colleague(session, actor, reception, asked.user_id)
    name = asked.name.strip() if user is None else receptions.shown_name(user)
    if not name:
        raise InvalidInput("请写上客人的姓名，在场的人都看得见。", code="name_missing")
    code = None if user else new_token()
    invitation = _new(actor, reception, asked, name, user, code)
    session.add(invitation)
    session.flush()
    return view(invitation, f"{settings.base_url}/join/{code}" if code else "")


def _new(
    actor: Actor, reception: Reception, asked: NewInvitation, name: str, user: User | None, code: str | None
) -> Invitation:
    now = clock.now()
    return Invitation(
        id=f"i{secrets.token_hex(8)}",
        reception_id=reception.id,
        participant_id=f"p{secrets.token_hex(8)}",
        role=asked.role,
        name=name[:64],
        language=asked.language,
        user_id=user.id if user else None,
        code_sha256=digest(code) if code else None,
        invited_by=actor.user_id or 0,
        created_at=now,
        expires_at=now + LASTS,
    )


def _reception(session: Session, actor: Actor, reception_id: str) -> Reception:
    """A reception that this actor may ask others to."""
    reception = queue.one(session, actor, reception_id)
    if actor.role == StaffRole.LEADER and reception.receiver_id not in (None, actor.user_id):
        raise NotAllowed("只有接谈的领导和接谈员能邀请人。")
    _require_open(reception)
    return reception


def _require_open(reception: Reception) -> None:
    if reception.state not in (ReceptionState.WAITING, ReceptionState.RUNNING):
        raise WrongState("这次接谈已经结束了。", code="reception_over")


def _require_seat_left(session: Session, actor: Actor, reception: Reception, role: Role) -> None:
    now = clock.now()
    observing = role == Role.OBSERVER
    given = [
        one
        for one in store.of_reception(session, actor, reception.id)
        if (one.role == Role.OBSERVER) == observing and state_of(one, now) != "expired"
    ]
    if len(given) >= (MAX_OBSERVERS if observing else OTHERS):
        raise Conflict(
            f"旁听最多 {MAX_OBSERVERS} 位。" if observing else f"除了领导和群众，最多再请 {OTHERS} 位。请先收回一个邀请。",
            code="seats_full",
        )


def _colleague(session: Session, actor: Actor, reception: Reception, user_id: int) -> User:
    user = accounts.user_with_organization(session, user_id)
    ours = user is not None and user.organization.path.startswith(_root_of(actor))
    if user is None or not ours or user.role not in (StaffRole.LEADER, StaffRole.CLERK):
        raise InvalidInput("没有这位同事，请重新选。", code="no_colleague")
    if user.id == reception.receiver_id:
        raise InvalidInput("这位就是接谈的领导，不用再请。", code="is_receiver")
    known = store.of_reception(session, actor, reception.id)
    if any(one.user_id == user.id for one in known):
        raise Conflict("这位同事已经请过了。", code="already_invited")
    return user


def _root_of(actor: Actor) -> str:
    """Path of the top organization: departments that sit together need not lie under each other."""
    return "/" + actor.organization_path.split("/")[1] + "/"


def colleagues(session: Session, actor: Actor, reception_id: str, words: str) -> list[Colleague]:
    """Accounts that may be asked, by name, post or office; at most 30."""
    reception = _reception(session, actor, reception_id)
    found = store.colleagues(session, _root_of(actor), words.strip(), COLLEAGUES_SHOWN + 1)
    return [
        Colleague(id=user.id, name=user.name, title=user.title, organization=user.organization.name)
        for user in found
        if user.id != reception.receiver_id
    ][:COLLEAGUES_SHOWN]


def listed(session: Session, actor: Actor, reception_id: str) -> list[InvitationView]:
    """All invitations to a reception that were not taken back."""
    queue.one(session, actor, reception_id)
    return [view(one) for one in store.of_reception(session, actor, reception_id)]


def languages(session: Session, actor: Actor, reception_id: str) -> dict[str, str]:
    """What is spoken on each seat, by its participant."""
    reception = queue.one(session, actor, reception_id)
    asked = {one.participant_id: one.language for one in store.of_reception(session, actor, reception_id)}
    return asked | {seat.id: seat.language for seat in reception.participants}


def speaks(office: Office, actor: Actor, reception_id: str, participant_id: str, language: SeatLanguage) -> None:
    """What somebody speaks from now on: what is recognised after this, live or from the recording, goes by it.

    Raises NotAllowed, WrongState as `invite` does, NotFound.
    """
    with office.store.write() as session:
        reception = _reception(session, actor, reception_id)
        rows: list[Participant | Invitation] = [seat for seat in reception.participants if seat.id == participant_id]
        rows += [one for one in store.of_reception(session, actor, reception_id) if one.participant_id == participant_id]
        if not rows:
            raise NotFound("没有这个人，可能已经走了。")
        for row in rows:
            row.language = language
    with contextlib.suppress(Unavailable):  # without the node nobody is in a room; the next ticket says it
        office.media.set_language(reception_id, participant_id, language, timeout=NODE_WAIT_S)


def view(invitation: Invitation, url: str = "") -> InvitationView:
    """An invitation for those who may invite."""
    return InvitationView(
        id=invitation.id,
        participant_id=invitation.participant_id,
        role=Role(invitation.role),
        name=invitation.name,
        guest=invitation.user_id is None,
        state=state_of(invitation, clock.now()),
        expires_at=invitation.expires_at,
        url=url,
    )


def state_of(invitation: Invitation, now: datetime) -> str:
    """open, used or expired."""
    if invitation.used_at is not None:
        return "used"
    return "open" if invitation.expires_at > now else "expired"


def revoke(office: Office, actor: Actor, reception_id: str, invitation_id: str) -> None:
    """Take an invitation back; whoever sits there by it is sent out."""
    with office.store.write() as session:
        _reception(session, actor, reception_id)
        invitation = store.find(session, actor, invitation_id)
        if invitation is None or invitation.reception_id != reception_id:
            raise NotFound("没有这个邀请，可能已经收回了。")
        invitation.revoked_at = invitation.revoked_at or clock.now()
        seat = (reception_id, invitation.participant_id)
        used = invitation.used_at is not None
    if used:
        kiosks.send_out(office, [seat])


# --- whoever is invited -------------------------------------------------------------------------------------


def addressed_to(session: Session, actor: Actor) -> list[Invited]:
    """Invitations of the actor's account that are still good."""
    now = clock.now()
    return [invited(one) for one in store.addressed_to(session, actor) if state_of(one, now) != "expired"]


def invited(invitation: Invitation) -> Invited:
    """What is told before joining: who asks, where, in which part; nothing of the matter."""
    reception = invitation.reception
    return Invited(
        id=invitation.id,
        role=Role(invitation.role),
        name=invitation.name,
        inviter=receptions.shown_name(invitation.inviter),
        office=invitation.inviter.organization.name,
        kiosk=reception.kiosk.name,
        reception_state=reception.state,
        video=reception.consent == Consent.AUDIO_VIDEO,
    )


def own(session: Session, actor: Actor, invitation_id: str) -> Invitation:
    """A colleague's own invitation; raises NotFound for anybody else's and for one that was taken back."""
    invitation = store.find(session, actor, invitation_id)
    if invitation is None or invitation.user_id != actor.user_id or invitation.revoked_at is not None:
        raise NotFound("没有这个邀请，可能已经收回了。")
    return invitation


def join(session: Session, actor: Actor, settings: Settings, invitation_id: str) -> JoinTicket:
    """A ticket for a colleague who was invited.  Raises NotFound, WrongState."""
    invitation = own(session, actor, invitation_id)
    if invitation.used_at is None and not store.use(session, invitation.id, "", clock.now()):
        session.refresh(invitation)
        if invitation.used_at is None:
            raise WrongState("这个邀请过期了，请对方再邀请一次。", code="invitation_expired")
    return _ticket(session, settings, invitation)


def guest(session: Session, code: str, key: str) -> Invitation:
    """The invitation of a guest's link, for the browser that used it or, before, for anybody.

    Raises NotFound for a code that never was, was taken back or ran out; Conflict where another browser used it.
    """
    invitation = store.by_code(session, digest(code))
    if invitation is None or invitation.revoked_at is not None or state_of(invitation, clock.now()) == "expired":
        raise NotFound(GONE, code="invitation_gone")
    if invitation.used_at is not None and not _holds(invitation, key):
        raise Conflict("这个链接已经在别的地方用过了。一个链接只能用一次，请对方再发一个。", code="invitation_used")
    _require_open(invitation.reception)
    return invitation


def _holds(invitation: Invitation, key: str) -> bool:
    return bool(key) and hmac.compare_digest(invitation.key_sha256, digest(key))


def join_as_guest(session: Session, settings: Settings, code: str, key: str) -> tuple[JoinTicket, str]:
    """A ticket for a guest, and the key for the cookie by which this browser, and only it, comes back."""
    invitation = guest(session, code, key)
    if invitation.used_at is None:
        key = new_token()
        if not store.use(session, invitation.id, digest(key), clock.now()):
            raise Conflict("这个链接刚刚在别的地方用过了。", code="invitation_used")
    return _ticket(session, settings, invitation), key


def _ticket(session: Session, settings: Settings, invitation: Invitation) -> JoinTicket:
    reception = invitation.reception
    _require_open(reception)
    tickets.place(session, settings, reception)
    return tickets.ticket(settings, reception, _seat(session, invitation))


def _seat(session: Session, invitation: Invitation) -> Participant:
    seat = session.get(Participant, invitation.participant_id)
    if seat is None:
        reception = invitation.reception
        seat = Participant(
            id=invitation.participant_id,
            position=len(reception.participants),
            role=invitation.role,
            name=invitation.name,
            user_id=invitation.user_id,
            language=invitation.language,
        )
        reception.participants.append(seat)
        session.flush()
    return seat

