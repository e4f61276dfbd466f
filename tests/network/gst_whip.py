"""GStreamer as a WHIP client: a test picture and a tone as Opus, by webrtcbin.  Runs with the system's Python.

Usage: gst_whip.py URL TOKEN VP8|H264 [early]; early offers as it does before the encoder has begun.  It sends until its standard input closes, and then takes its leave.
"""

import re
import sys
import urllib.error
import urllib.request
from urllib.parse import urljoin

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC  # noqa: E402

VIDEO = {
    "VP8": "vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay",
    "H264": "openh264enc gop-size=30 ! video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1",
}
PIPELINE = """
webrtcbin name=peer bundle-policy=max-bundle
videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! {encoder} pt=96
  ! application/x-rtp,media=video,encoding-name={codec},payload=96 ! peer.
audiotestsrc is-live=true wave=sine ! audioconvert ! audioresample ! opusenc
  ! rtpopuspay pt=97 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! peer.
"""


class Client:
    """One session."""

    def __init__(self, url: str, token: str, codec: str, when: str = "") -> None:
        self._url, self._token, self.session = url, token, ""
        self._posted, self._early = False, when == "early"
        self.pipeline = Gst.parse_launch(PIPELINE.format(encoder=VIDEO[codec], codec=codec))
        self._peer = self.pipeline.get_by_name("peer")
        self._peer.connect("notify::ice-gathering-state", self._gathered)
        self._peer.connect("on-negotiation-needed", self._negotiate)
        self.pipeline.set_state(Gst.State.PLAYING)

    def _negotiate(self, peer: object) -> None:
        for number in range(2):
            peer.emit("get-transceiver", number).set_property(
                "direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY
            )
        peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self._offered))

    def _offered(self, promise: object) -> None:
        reply = promise.get_reply()  # owns the offer: it must outlive the call below
        self._peer.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def _gathered(self, peer: object, _: object) -> None:
        complete = peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if complete and not self._posted:  # it is said more than once
            self._posted = True
            self._post(peer.get_property("local-description").sdp.as_text())

    def _post(self, offer: str) -> None:
        if self._early:
            offer = re.sub(r"(?m)^a=fmtp:96 .*\r?\n", "", offer)
        try:
            answer = self._ask("POST", self._url, offer.encode())
        except urllib.error.HTTPError as error:
            sys.exit(f"{error}: {error.read().decode()}\n{offer}")
        with answer:
            self.session = urljoin(self._url, answer.headers["Location"])
            text = answer.read().decode()
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        described = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        self._peer.emit("set-remote-description", described, Gst.Promise.new())
        print("answered", flush=True)

    def _ask(self, method: str, url: str, body: bytes | None = None):  # type: ignore[no-untyped-def]
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/sdp"}
        return urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=10)

    def leave(self) -> None:
        self._ask("DELETE", self.session).close()
        self.pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    Gst.init(None)
    client = Client(*sys.argv[1:5])
    sys.stdin.read()
    client.leave()
