"""A second camera for a kiosk's page, under which drawn photographs of papers are laid."""

import base64

import cv2

from deploy.bench import papers

CAMERA = """
const devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices), list = devices.enumerateDevices.bind(devices);
const canvas = Object.assign(document.createElement("canvas"), { width: 1920, height: 1080 });
const ink = canvas.getContext("2d");
window.lay = (jpeg) => new Promise((done) => { const image = new Image(); image.onload = () => { window.paper = image; done(); }; image.src = jpeg; });
setInterval(() => { if (window.paper) ink.drawImage(window.paper, 0, 0); ink.fillStyle = "#000"; ink.fillRect(0, 0, 1, 1); }, 100);
devices.enumerateDevices = async () => [...await list(), { kind: "videoinput", deviceId: "paper", label: "USB Document Camera" }];
devices.getUserMedia = async (wanted) => wanted.video?.deviceId?.exact === "paper" ? canvas.captureStream(10) : open(wanted);
delete window.ImageCapture;
"""


def photograph(kind: str, seed: int = 1) -> str:
    if kind == "table":
        picture = papers.table("plain", papers.random.Random(3))
    else:
        picture = papers.shot(kind, seed).picture
    return "data:image/jpeg;base64," + base64.b64encode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()).decode()
