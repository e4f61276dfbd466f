"""What a kiosk's camera and microphone are worth just now, and pages under the document camera: pictures and sound go in,
plain words come out, nothing is kept."""
