"""Words that a recognition of one reception should expect."""

from server.store.models import Reception


def of_reception(reception: Reception) -> tuple[str, ...]:
    """The petitioner's name, the receiver's name, title and office, the kiosk's township; each once."""
    receiver = reception.receiver
    found = [
        reception.petitioner_name,
        *((receiver.name, receiver.title) if receiver else ()),
        reception.organization.name,
        reception.kiosk.organization.name,
    ]
    return tuple(dict.fromkeys(word for word in found if word))
