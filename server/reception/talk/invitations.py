"""Asking others to a reception: colleagues by their account, guests by a link that works once.

Whoever is invited sits, sees and speaks in that one reception; the invitation opens no record and no case.
"""

import contextlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain.joint_duty import role_of
from server.domain.organizations import own_and_above
from server.domain.states import Consent, ReceptionState, StaffRole
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unavailable, WrongState
from server.protocol.base import Role
from server.protocol.kiosks import JoinTicket
from server.protocol.receptions import Colleague, InvitationState, Invited, NewInvitation, RunningTalk
from server.protocol.receptions import Invitation as InvitationView
from server.protocol.signalling import MAX_OBSERVERS, MAX_PARTICIPANTS
from server.protocol.transcript import SeatLanguage
from server.reception.account.accounts import digest, new_token
from server.reception.kiosk import kiosks
from server.reception.office import Office
from server.reception.talk import queue, tickets
from server.settings import Settings
from server.store import accounts, joint_duty, on_site, receptions
from server.store import invitations as store
from server.store.access import Actor
from server.store.models import Invitation, JointDuty, Participant, Reception, User

LASTS = timedelta(hours=12)
"""So long an invitation waits to be used."""
RINGS_FOR = timedelta(minutes=3)
"""So long the page of whoever is asked rings."""
RUNNING_SHOWN = 100
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
    reception = open_to(session, actor, reception_id)
    _require_screens(session, reception)
    duty = None if asked.duty_id is None else _on_list(session, reception, asked.duty_id)
    if duty is not None:
        asked = NewInvitation(
            role=role_of(duty.kind), user_id=duty.user_id, name=duty.name[:30], language=duty.language, duty_id=duty.id
        )  # fmt: skip
    user = None if asked.user_id is None else _colleague(session, actor, reception, asked.user_id, asked.role)
    again = next((one for one in store.of_reception(session, actor, reception.id) if user and one.user_id == user.id), None)
    if again is not None:
        return _ask_again(session, actor, again)
    _require_seat_left(session, actor, reception, asked.role)
    name = _name(reception, asked, user, duty)
    if not name:
        raise InvalidInput("请写上客人的姓名，在场的人都看得见。", code="name_missing")
    code = None if user else new_token()
    invitation = _new(actor, reception, asked, name, user, code)
    session.add(invitation)
    session.flush()
    return view(invitation, f"{settings.base_url}/join/{code}" if code else "")


def on_duty_for(session: Session, reception: Reception) -> Sequence[JointDuty]:
    """Everybody on the duty lists of the reception's office and of those above it."""
    return joint_duty.on_lists_of(session, own_and_above(reception.organization.path))


def _on_list(session: Session, reception: Reception, duty_id: int) -> JointDuty:
    found = next((one for one in on_duty_for(session, reception) if one.id == duty_id), None)
    if found is None:
        raise InvalidInput("值班表上没有这个人了，请重新选。", code="no_duty")
    return found


def _ask_again(session: Session, actor: Actor, invitation: Invitation) -> InvitationView:
    """Somebody who could not come, or never came, is asked once more; the seat stays the same."""
    now = clock.now()
    if state_of(invitation, now) not in ("declined", "expired"):
        raise Conflict("这位同事已经请过了。", code="already_invited")
    _require_seat_left(session, actor, invitation.reception, Role(invitation.role))
    invitation.declined_at, invitation.created_at, invitation.expires_at = None, now, now + LASTS
    session.flush()
    return view(invitation)


def _name(reception: Reception, asked: NewInvitation, user: User | None, duty: JointDuty | None) -> str:
    """As it stands on everybody's screen and in the record: with the unit of whoever comes from elsewhere."""
    if duty is not None:
        return f"{duty.unit} {receptions.shown_name(user) if user else duty.name}"
    if user is None:
        return asked.name.strip()
    own = reception.organization.path.startswith(user.organization.path) or asked.role == Role.OBSERVER
    return receptions.shown_name(user) if own else f"{user.organization.name} {receptions.shown_name(user)}"


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
        duty_id=asked.duty_id,
        code_sha256=digest(code) if code else None,
        invited_by=actor.user_id or 0,
        created_at=now,
        expires_at=now + LASTS,
    )


def open_to(session: Session, actor: Actor, reception_id: str) -> Reception:
    """A reception that this actor may ask others to."""
    reception = queue.one(session, actor, reception_id)
    if actor.role == StaffRole.LEADER and reception.receiver_id not in (None, actor.user_id):
        raise NotAllowed("只有接谈的领导和接谈员能邀请人。")
    _require_open(reception)
    return reception


def _require_open(reception: Reception) -> None:
    if reception.state not in (ReceptionState.WAITING, ReceptionState.RUNNING):
        raise WrongState("这次接谈已经结束了。", code="reception_over")


def _require_screens(session: Session, reception: Reception) -> None:
    """Where all sit in one room the petitioner has no screen that shows who else listens: nobody does."""
    if on_site.talk_of(session, reception.id) is not None:
        raise WrongState("这一场是现场接访，屋里没有屏幕让信访人看见谁在听，不能从外面进来。", code="on_site")


def _require_seat_left(session: Session, actor: Actor, reception: Reception, role: Role) -> None:
    now = clock.now()
    observing = role == Role.OBSERVER
    given = [
        one
        for one in store.of_reception(session, actor, reception.id)
        if (one.role == Role.OBSERVER) == observing and state_of(one, now) in ("open", "used")
    ]
    if len(given) >= (MAX_OBSERVERS if observing else OTHERS):
        raise Conflict(
            f"旁听最多 {MAX_OBSERVERS} 位。" if observing else f"除了领导和群众，最多再请 {OTHERS} 位。请先收回一个邀请。",
            code="seats_full",
        )


def _colleague(session: Session, actor: Actor, reception: Reception, user_id: int, role: Role) -> User:
    user = accounts.user_with_organization(session, user_id)
    ours = user is not None and user.organization.path.startswith(root_of(actor))
    if user is None or not ours or user.role not in store.INVITED_ROLES:
        raise InvalidInput("没有这位同事，请重新选。", code="no_colleague")
    if user.role == StaffRole.SUPERVISOR and role != Role.OBSERVER:
        raise InvalidInput("督查督办人员只能旁听。", code="observes_only")
    if user.id == reception.receiver_id:
        raise InvalidInput("这位就是接谈的领导，不用再请。", code="is_receiver")
    return user


def root_of(actor: Actor) -> str:
    """Path of the top organization: departments that sit together need not lie under each other."""
    return "/" + actor.organization_path.split("/")[1] + "/"


def colleagues(session: Session, actor: Actor, reception_id: str, words: str) -> list[Colleague]:
    """Accounts that may be asked, by name, post or office; at most 30."""
    reception = open_to(session, actor, reception_id)
    found = store.colleagues(session, root_of(actor), words.strip(), COLLEAGUES_SHOWN + 1)
    return [colleague(user) for user in found if user.id != reception.receiver_id][:COLLEAGUES_SHOWN]


def colleague(user: User) -> Colleague:
    """An account as it is offered."""
    return Colleague(id=user.id, role=user.role, name=user.name, title=user.title, organization=user.organization.name)


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
        reception = open_to(session, actor, reception_id)
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


def state_of(invitation: Invitation, now: datetime) -> InvitationState:
    """open, used, declined or expired."""
    if invitation.used_at is not None:
        return "used"
    if invitation.declined_at is not None:
        return "declined"
    return "open" if invitation.expires_at > now else "expired"


def revoke(office: Office, actor: Actor, reception_id: str, invitation_id: str) -> None:
    """Take an invitation back; whoever sits there by it is sent out."""
    with office.store.write() as session:
        open_to(session, actor, reception_id)
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
    return [invited(one) for one in store.addressed_to(session, actor) if state_of(one, now) in ("open", "used")]


def invited(invitation: Invitation) -> Invited:
    """What is told before joining: who asks, where, in which part; nothing of the matter."""
    reception = invitation.reception
    return Invited(
        id=invitation.id,
        role=Role(invitation.role),
        name=invitation.name,
        inviter=receptions.shown_name(invitation.inviter),
        office=invitation.inviter.organization.name,
        kiosk=reception.venue,
        reception_state=reception.state,
        video=reception.consent == Consent.AUDIO_VIDEO,
        rings=state_of(invitation, clock.now()) == "open" and clock.now() - invitation.created_at < RINGS_FOR,
    )


def decline(session: Session, actor: Actor, invitation_id: str) -> None:
    """The colleague cannot come now, and whoever asks sees it; somebody who came has come.  Raises NotFound."""
    invitation = own(session, actor, invitation_id)
    if invitation.used_at is None:
        invitation.declined_at = clock.now()


def observe(session: Session, actor: Actor, reception_id: str) -> Invited:
    """A supervisor's own seat among the observers of a talk: shown to everybody in it like any other.

    Raises NotFound, WrongState, Conflict when there are too many observers.
    """
    reception = queue.one(session, actor, reception_id)
    _require_open(reception)
    _require_screens(session, reception)
    known = next((one for one in store.of_reception(session, actor, reception_id) if one.user_id == actor.user_id), None)
    if known is not None:
        return invited(known)
    _require_seat_left(session, actor, reception, Role.OBSERVER)
    user = accounts.user_with_organization(session, actor.user_id or 0)
    asked = NewInvitation(role=Role.OBSERVER)
    invitation = _new(actor, reception, asked, receptions.shown_name(user), user, None)
    session.add(invitation)
    session.flush()
    session.refresh(invitation, ["inviter", "reception"])
    return invited(invitation)


def running(session: Session, actor: Actor) -> list[RunningTalk]:
    """Talks under way that the actor may observe: where, and who receives; nothing of the matter.  None in one room."""
    found = receptions.receptions_in(session, actor, ReceptionState.RUNNING, RUNNING_SHOWN)
    rooms = on_site.kinds_of(session, [one.id for one in found])
    return [
        RunningTalk(
            id=one.id, number=one.number, kiosk=one.venue, receiver=receptions.shown_name(one.receiver), joined_at=one.joined_at
        )
        for one in found
        if one.id not in rooms
    ]


def own(session: Session, actor: Actor, invitation_id: str) -> Invitation:
    """A colleague's own invitation; raises NotFound for anybody else's and for one that was taken back."""
    invitation = store.find(session, actor, invitation_id)
    if invitation is None or invitation.user_id != actor.user_id or invitation.revoked_at is not None:
        raise NotFound("没有这个邀请，可能已经收回了。")
    return invitation


def join(session: Session, actor: Actor, settings: Settings, invitation_id: str) -> JoinTicket:
    """A ticket for a colleague who was invited.  Raises NotFound, WrongState."""
    invitation = own(session, actor, invitation_id)
    invitation.declined_at = None
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
    _require_screens(session, reception)
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

