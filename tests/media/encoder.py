"""An encoder for tests: stock aiortc that sends one picture of 320x240 and one tone by offer and answer."""

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from tests.media.client import Picture, Tone

SIZE = (320, 240)


class Encoder:
    """One connection; `offer`, then `answered`."""

    def __init__(self, codec: str = "video/VP8", *, sound: bool = True) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        picture = self.peer.addTransceiver(Picture(*SIZE), direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        picture.setCodecPreferences([c for c in codecs if c.mimeType == codec])
        if sound:
            self.peer.addTransceiver(Tone(880), direction="sendonly")

    async def offer(self) -> str:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return self.peer.localDescription.sdp

    async def answered(self, sdp: str) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def close(self) -> None:
        await self.peer.close()
