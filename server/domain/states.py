"""The states things can be in (Chinese labels: terms.py)."""

from enum import StrEnum


class StaffRole(StrEnum):
    """What an account may do; a petitioner at a kiosk has none."""

    LEADER = "leader"
    CLERK = "clerk"
    HANDLER = "handler"
    """承办单位经办人: what is assigned to their unit."""
    SUPERVISOR = "supervisor"
    """督查督办人员."""
    ADMINISTRATOR = "administrator"
    """系统管理员: organizations, accounts, kiosks."""
    SECURITY = "security"
    """安全管理员: who may do what, and keys of other systems."""
    AUDITOR = "auditor"
    """审计管理员: reads who looked at what, changes nothing."""


class OrganizationLevel(StrEnum):
    """Where an organization stands: an office of a city, a county or a township, or a department of one of them."""

    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    DEPARTMENT = "department"


class KioskKind(StrEnum):
    KIOSK = "kiosk"
    ROOM = "room"
    """No machine: where an organization receives people on site."""


class ReceptionState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    CLOSING = "closing"
    CLOSED = "closed"
    ABANDONED = "abandoned"


class Consent(StrEnum):
    AUDIO_VIDEO = "audio_video"
    AUDIO_ONLY = "audio_only"


class RecordState(StrEnum):
    DRAFT = "draft"
    CORRECTING = "correcting"
    CONFIRMED = "confirmed"
    SIGNED = "signed"
    REFUSED = "refused"
    FILED = "filed"


EDITABLE_RECORD = (RecordState.DRAFT, RecordState.CORRECTING)
CLOSED_RECORD = (RecordState.SIGNED, RecordState.REFUSED, RecordState.FILED)
"""States in which nothing of a record changes any more."""


class RecognitionState(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class SecondPassState(StrEnum):
    """How far hearing a recording again is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


class SuggestionState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DISMISSED = "dismissed"


class PromiseState(StrEnum):
    """Of what a leader undertook, as heard by the rules of drafting."""

    HEARD = "heard"
    """机器记下，未核对"""
    CONFIRMED = "confirmed"
    STRUCK = "struck"


class QuestionState(StrEnum):
    """How far asking a language model is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class FindingKind(StrEnum):
    """What a second listener found in a filed record."""

    WRONG_WORD = "wrong_word"
    MISSING = "missing"
    INVENTED = "invented"
    WRONG_SPEAKER = "wrong_speaker"
    FORM = "form"
    OTHER = "other"


class WordKind(StrEnum):
    """What a word of the glossary names."""

    PERSON = "person"
    PLACE = "place"
    UNIT = "unit"
    TERM = "term"


class WordState(StrEnum):
    """Whether recognition expects a word of the glossary."""

    PROPOSED = "proposed"
    """Corrections propose it; nobody has decided."""
    TRYING = "trying"
    """A clerk wants it; it is tried on clips of the office first."""
    ON = "on"
    OFF = "off"
    ROLLED_BACK = "rolled_back"
    """It was on and did harm."""


class CopyState(StrEnum):
    """Of the kiosk's own copy of a talk, as the office knows it."""

    EXPECTED = "expected"
    """The kiosk's page began it; the office does not have it yet."""
    STORED = "stored"
    MISSING = "missing"
    """The kiosk's program says that it holds no such copy."""
    UNWANTED = "unwanted"
    """Nobody talked in that sitting."""


class PapersState(StrEnum):
    """Of a set of papers that was photographed at a kiosk."""

    EXPECTED = "expected"
    """The kiosk's program has it and sends it."""
    STORED = "stored"


class FillOutcome(StrEnum):
    """What the kiosk's copy had for a gap of the recording."""

    FILLED = "filled"
    LATE = "late"
    """Words were heard, but the record was signed by then: it stays as it is."""
    SILENT = "silent"
    """Nothing was said, or nothing that could be recognised: the piece can be heard."""
    UNMATCHED = "unmatched"
    """Its sound is not that of the recording before and after the gap: nothing of it is used."""


class ArchiveKind(StrEnum):
    """What is made of a recording for the archive."""

    VIDEO = "video"
    BUNDLE = "bundle"


class ArchiveState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Channel(StrEnum):
    """How a matter reached the office."""

    VIDEO = "video"
    ON_SITE = "on_site"
    ALONE = "alone"
    LETTER = "letter"
    ONLINE = "online"
    MAILBOX = "mailbox"
    """领导信箱"""
    HOTLINE = "hotline"


class ImportState(StrEnum):
    """How far a file of matters from another system is."""

    BROUGHT = "brought"
    LOOKED_AT = "looked_at"
    """A dry run was made; nothing is registered yet."""
    RUNNING = "running"
    DONE = "done"


class CaseState(StrEnum):
    """How far a matter (信访事项) has come; domain/flow.py says what leads from one to the next."""

    REGISTERED = "registered"
    GUIDED = "guided"
    """诉访分离: shown the way to a court, a prosecutor or another statutory route."""
    ASSIGNED = "assigned"
    """Passed on or assigned; no unit has said yet whether it accepts."""
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    NO_LONGER_ACCEPTED = "no_longer_accepted"
    REPLIED = "replied"
    CONCLUDED = "concluded"
    REVIEWING = "reviewing"
    REVIEWED = "reviewed"
    REEXAMINING = "reexamining"
    REEXAMINED = "reexamined"
    MERGED = "merged"
    """Goes on as part of another case."""


class AssignmentKind(StrEnum):
    ASSIGN = "assign"
    """交办: the unit must report back."""
    PASS_ON = "pass_on"
    """转送"""


class AssignmentPart(StrEnum):
    """What a unit is in a matter; with 双交办双反馈 the department is the main unit and the township feeds back, too."""

    MAIN = "main"
    SUPPORT = "support"
    TOWNSHIP = "township"


class AssignmentState(StrEnum):
    SENT = "sent"
    RECEIVED = "received"
    OBJECTED = "objected"
    """The unit says that the matter is not its own; the office decides."""
    FED_BACK = "fed_back"
    SENT_BACK = "sent_back"
    """What was fed back was returned with a reason."""
    ANEW = "anew"
    """A review or re-examination has the unit handle it anew."""
    WITHDRAWN = "withdrawn"
    """Not this unit's any more."""


OPEN_ASSIGNMENT = (
    AssignmentState.SENT, AssignmentState.RECEIVED, AssignmentState.OBJECTED, AssignmentState.SENT_BACK, AssignmentState.ANEW,
)  # fmt: skip
"""States in which something is still to come from the unit."""


class NoticeKind(StrEnum):
    """What an officer is told (提醒)."""

    BEFORE = "before"
    """临期提示"""
    DUE = "due"
    """到期催办"""
    LATE = "late"
    """逾期督办"""
    URGED = "urged"
    """催办, by a person"""
    SUPERVISION = "supervision"
    """督办函、风险提醒函、问责建议函"""
    ANSWERED = "answered"
    """A unit answered a supervision letter."""
    ALARM = "alarm"
    """Somebody pressed a kiosk's emergency button."""
    KIOSK = "kiosk"
    """Something is newly wrong at a kiosk."""
    PROMISE = "promise"
    """What a leader promised needs somebody's hand."""
    LECTURE = "lecture"
    """An office is invited to a lecture, or it is not held."""
    HANDED_UP = "handed_up"
    """An accusation against the office that registered it: it is for those above."""
    BOOKING = "booking"
    """Somebody booked a leader's time, and waits for the office to approve it."""


class DeliveryState(StrEnum):
    """Of a notice that goes out by e-mail or SMS."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    """It was handed over and nobody said whether it was taken: it is not sent a second time."""
    FAILED = "failed"


class StampKind(StrEnum):
    """What a time-stamping authority signs the time of."""

    MANIFEST = "manifest"
    """The signed list of a recording's files."""
    RECORD = "record"
    """The version of a record that was signed, or that nobody signed."""


class LineKind(StrEnum):
    QUESTION = "question"
    ANSWER = "answer"
    NOTE = "note"


class Purpose(StrEnum):
    """Purpose of a matter (信访目的)."""

    APPEAL = "appeal"
    REQUEST = "request"
    ACCUSATION = "accusation"
    SUGGESTION = "suggestion"
    ENQUIRY = "enquiry"
    OTHER = "other"


class FormField(StrEnum):
    """Fields of the registration form (来访登记表), in the order in which they are printed."""

    NAME = "name"
    ID_TYPE = "id_type"
    ID_NUMBER = "id_number"
    SEX = "sex"
    ETHNIC_GROUP = "ethnic_group"
    PHONE = "phone"
    ADDRESS = "address"
    PEOPLE = "people"
    REPRESENTATIVES = "representatives"
    VISIT_TIME = "visit_time"
    PLACE = "place"
    FORM_OF_VISIT = "form_of_visit"
    RECEIVED_BY = "received_by"
    FIRST_OR_REPEAT = "first_or_repeat"
    GROUP_VISIT = "group_visit"
    PURPOSE = "purpose"
    CATEGORY = "category"
    PROBLEM_PLACE = "problem_place"
    ACCUSED_UNIT = "accused_unit"
    LITIGATION = "litigation"
    SUMMARY = "summary"
    REQUESTS = "requests"
    AMOUNT = "amount"
    FACTS = "facts"
    TRIED_BEFORE = "tried_before"
    MATERIALS = "materials"
    HANDLING = "handling"
    RESPONSIBLE_UNIT = "responsible_unit"
