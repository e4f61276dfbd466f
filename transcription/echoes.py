"""Echoes in a talk that is still going on: the last things said in each reception, by whom and when."""

from collections import OrderedDict, deque

from server.protocol.transcript import Utterance
from transcription.drafting.echo import echo_of

ECHO = "echo"
"""Doubt of an utterance that another participant's microphone had a moment before."""
_RECEPTIONS, _UTTERANCES = 256, 24


class Echoes:
    """Remembers little: an echo comes within two seconds."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, deque[Utterance]] = OrderedDict()

    def mark(self, reception_id: str, utterance: Utterance) -> tuple[Utterance, tuple[str, ...]]:
        """The utterance, with a doubt if it is somebody else's come back, and the ids of those told before that are this
        one come back: an echo that is cut at an earlier pause than what it repeats is finished first."""
        said = self._said.setdefault(reception_id, deque(maxlen=_UTTERANCES))
        self._said.move_to_end(reception_id)
        if len(self._said) > _RECEPTIONS:
            self._said.popitem(last=False)
        if echo_of(utterance, said) is not None:
            return utterance.model_copy(update={"doubt": (*utterance.doubt, ECHO)}), ()
        back = [other for other in said if echo_of(other, [utterance]) is not None]
        for one in back:
            said.remove(one)
        said.append(utterance)
        return utterance, tuple(one.id for one in back)
