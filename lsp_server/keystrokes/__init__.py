"""The benchmark of keystrokes: typing that was recorded, or made from two versions, into the real server."""
