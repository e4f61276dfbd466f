"""Counters of the transcriber (Prometheus)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """One registry per service, so that tests can run several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.streams = Gauge("jietan_live_streams", "Live tracks connected.", registry=self.registry)
        self.utterances = Counter("jietan_utterances", "Utterances recognised.", ["doubt"], registry=self.registry)
        self.dropped = Counter("jietan_pieces_without_speech", "Pieces in which nothing was said.", registry=self.registry)
        self.given_up = Counter("jietan_pieces_given_up", "Pieces that could not be decoded.", registry=self.registry)
        self.partials_dropped = Counter("jietan_partials_dropped", "Partial captions left out.", registry=self.registry)
        self.ahead = Counter("jietan_pieces_ahead", "Pieces whose text was there when they ended.", registry=self.registry)
        self.troubles = Counter("jietan_live_troubles", "Troubles told to senders.", ["reason"], registry=self.registry)
        self.sound = Counter("jietan_sound_seconds", "Seconds of live sound taken in.", registry=self.registry)
        self.decoding = Histogram("jietan_decoding_seconds", "Time to decode one piece.", registry=self.registry)
