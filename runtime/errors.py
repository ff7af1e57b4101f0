"""Every fault of the runtime that a user or a caller can cause; torch-free: the language server imports it.

MellumError
├── ModelError                the model directory cannot be served as it is
│   ├── ModelNotFound         no directory, or a file that every checkpoint has is missing
│   ├── ConfigError           config.json: bad or missing keys, all of them named
│   ├── CheckpointError       safetensors files: missing, truncated, wrong names, shapes or dtypes
│   └── TokenizerError        tokenizer.json: unreadable, of another kind, or not the one of these weights
├── PullError                 a model cannot be fetched from a hub
│   ├── HubUnavailable        the hub cannot be reached, refuses, or has no such model
│   ├── NoRoomLeft            the disk has too little room
│   └── DamagedDownload       what came is not what the hub says it is
├── SettingError              an environment variable or an option has a value that cannot be used
├── StorageError              a file cannot be kept: no room, no right, or another process writes it
├── RequestError              a completion request that cannot be served as asked
├── BenchmarkError            a benchmark that can give no figure, or none that would mean anything
└── RuntimeUnavailable        the model process cannot be reached
    ├── NotTriedYet           it has failed too often to be started again right now
    └── ProtocolError         the other side of the socket broke the wire format or speaks another version
        ├── FrameError        bytes that are no frame, or a frame over the size limit
        ├── MessageError      a frame that is no message, or with a field that is missing or wrong
        │   └── UnknownText   a message names a text by a hash whose text is not held
        └── ProtocolMismatch  a model process of another version answers
"""


class MellumError(Exception):
    """Base of all faults whose message is meant for the user: it names the thing and the remedy."""


class ModelError(MellumError):
    """The model directory cannot be served as it is."""


class ModelNotFound(ModelError):
    """There is no model directory, or a file that every checkpoint has is missing from it."""


class ConfigError(ModelError):
    """config.json has bad or missing keys; the message names all of them."""


class CheckpointError(ModelError):
    """The safetensors files are missing, truncated, or do not hold the tensors that the config describes."""


class TokenizerError(ModelError):
    """tokenizer.json cannot be read, is of another kind, or does not belong to these weights."""


class PullError(MellumError):
    """A model cannot be fetched from a hub; `code` is the exit code that says so."""

    code = 1


class HubUnavailable(PullError):
    """The hub cannot be reached, refuses, or has no such model; `again` says that it may not at the next try."""

    code = 3

    def __init__(self, message: str, *, again: bool = False) -> None:
        super().__init__(message)
        self.again = again


class NoRoomLeft(PullError):
    """The disk has too little room for what is to be fetched."""

    code = 4


class DamagedDownload(PullError):
    """What came is not what the hub says it is."""

    code = 5


class SettingError(MellumError):
    """An environment variable or an option has a value that cannot be used; the message names it."""


class StorageError(MellumError):
    """A file cannot be kept: no room on the disk, no right to write there, or another process writes it."""


class RequestError(MellumError):
    """A completion request that cannot be served as asked."""


class BenchmarkError(MellumError):
    """A benchmark can give no figure, or none that would mean anything."""


class RuntimeUnavailable(MellumError):
    """The model process cannot be reached, or went away in the middle of a request."""


class NotTriedYet(RuntimeUnavailable):
    """The model process has failed and will be started again, but not yet; `cause` is its last failure."""

    def __init__(self, message: str, *, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class ProtocolError(RuntimeUnavailable):
    """The other side of the socket broke the wire format or speaks another version of it."""


class FrameError(ProtocolError):
    """Bytes on the socket are not a frame, or a frame is over the size limit."""


class MessageError(ProtocolError):
    """A frame is not one of the messages, or a field of it is missing or of the wrong type."""


class UnknownText(MessageError):
    """A message names a text by its hash, and the text is not held: it has to be sent in full."""


class ProtocolMismatch(ProtocolError):
    """A model process of another version answers; `replaceable` says that this client may shut it down."""

    def __init__(self, message: str, *, replaceable: bool = False) -> None:
        super().__init__(message)
        self.replaceable = replaceable
