"""What a file is: by its first bytes, which its name may not contradict.

Nothing here unpacks or decodes a file. What is not on these lists is not taken in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import filetype
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .naming import clean_name, extension_of

HEAD: Final = 8_192
OPAQUE: Final = "application/octet-stream"
# Those we make a small picture of
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# What a browser could run is never sent under its own name
RUNNABLE: Final = frozenset(
    {"text/html", "image/svg+xml", "text/xml", "text/javascript", "text/css", "application/json"}
)
_PROGRAMS: Final = frozenset({"exe", "elf", "deb", "rpm", "crx", "wasm", "nes", "swf", "dex"})
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_OPEN: Final = "application/vnd.oasis.opendocument"

# Text has no first bytes of its own: the name decides, and the content has to be text
_TEXTS: Final = {
    **dict.fromkeys(("txt", "text", "log", "srt", "tex"), "text/plain"),
    **dict.fromkeys(("md", "markdown"), "text/markdown"),
    **dict.fromkeys(("html", "htm"), "text/html"),
    **dict.fromkeys(("yaml", "yml"), "text/yaml"),
    "csv": "text/csv", "tsv": "text/tab-separated-values", "vtt": "text/vtt",
    "ics": "text/calendar", "vcf": "text/vcard", "eml": "message/rfc822",
    "svg": "image/svg+xml", "xml": "text/xml", "json": "application/json",
    "js": "text/javascript", "mjs": "text/javascript", "css": "text/css",
}  # fmt: skip
# How an extension is called, and which contents agree with it
_KNOWN: Final[dict[str, tuple[str, frozenset[str]]]] = {
    name: (content_type, frozenset(inside.split()))
    for names, content_type, inside in (
        ("png apng", "image/png", "png apng"),
        ("jpg jpeg jpe jfif", "image/jpeg", "jpg"),
        ("gif", "image/gif", "gif"),
        ("webp", "image/webp", "webp"),
        ("avif", "image/avif", "avif"),
        ("bmp", "image/bmp", "bmp"),
        ("tif tiff", "image/tiff", "tif"),
        ("heic heif", "image/heic", "heic"),
        ("ico", "image/x-icon", "ico"),
        ("psd", "image/vnd.adobe.photoshop", "psd"),
        ("pdf", "application/pdf", "pdf"),
        ("ai", "application/postscript", "pdf ps"),
        ("eps ps", "application/postscript", "ps"),
        ("rtf", "application/rtf", "rtf"),
        ("doc dot", "application/msword", "ole"),
        ("xls xlt", "application/vnd.ms-excel", "ole"),
        ("ppt pps pot", "application/vnd.ms-powerpoint", "ole"),
        ("msg", "application/vnd.ms-outlook", "ole"),
        ("docx dotx", f"{_OFFICE}.wordprocessingml.document", "zip"),
        ("xlsx xltx", f"{_OFFICE}.spreadsheetml.sheet", "zip"),
        ("pptx ppsx potx", f"{_OFFICE}.presentationml.presentation", "zip"),
        ("odt", f"{_OPEN}.text", "zip"),
        ("ods", f"{_OPEN}.spreadsheet", "zip"),
        ("odp", f"{_OPEN}.presentation", "zip"),
        ("odg", f"{_OPEN}.graphics", "zip"),
        ("key pages numbers sketch xd idml", OPAQUE, "zip"),
        ("epub", "application/epub+zip", "zip"),
        ("zip", "application/zip", "zip"),
        ("7z", "application/x-7z-compressed", "7z"),
        ("rar", "application/x-rar-compressed", "rar"),
        ("gz tgz", "application/gzip", "gz"),
        ("tar", "application/x-tar", "tar"),
        ("mp3", "audio/mpeg", "mp3"),
        ("wav", "audio/wav", "wav"),
        ("m4a", "audio/mp4", "m4a mp4"),
        ("aac", "audio/aac", "aac"),
        ("ogg oga opus", "audio/ogg", "ogg"),
        ("flac", "audio/flac", "flac"),
        ("aif aiff", "audio/aiff", "aiff"),
        ("mp4 m4v", "video/mp4", "mp4 m4v m4a mov 3gp"),
        ("mov", "video/quicktime", "mov mp4 m4v"),
        ("webm", "video/webm", "webm mkv"),
        ("mkv", "video/x-matroska", "mkv webm"),
        ("avi", "video/x-msvideo", "avi"),
        ("wmv", "video/x-ms-wmv", "wmv"),
        ("mpg mpeg", "video/mpeg", "mpg"),
        ("woff", "font/woff", "woff"),
        ("woff2", "font/woff2", "woff2"),
        ("ttf", "font/ttf", "ttf"),
        ("otf", "font/otf", "otf"),
        # designers' own formats, which nobody tells apart by their first bytes ("": no known ones)
        ("indd fig afdesign afphoto afpub", OPAQUE, " zip gz"),
    )
    for name in names.split()
}
_UNKNOWN_INSIDE: Final = frozenset({"indd", "fig", "afdesign", "afphoto", "afpub"})


@dataclass(frozen=True)
class Recognised:
    """A file's name, cleaned, and what it is."""

    name: str
    content_type: str

    @property
    def is_picture(self) -> bool:
        """Tell whether a small picture can be made of it."""
        return self.content_type in PICTURES


def recognise(raw_name: str, head: bytes) -> Recognised:
    """Return what a file is, from what it was called and its first bytes.

    Raises ValidationError `program`, `contradiction` or `unknown_kind`.
    """
    name = clean_name(raw_name)
    extension, inside = extension_of(name), inside_of(head)
    if extension in _TEXTS and _is_text(head):
        return Recognised(name, _TEXTS[extension])
    if inside in _PROGRAMS:
        raise ValidationError(
            _("%(name)s is a program. Programs cannot be attached."), "program", {"name": name}
        )
    if not extension:
        return _named_by_content(name, inside, head)
    if extension not in _KNOWN and extension not in _TEXTS:
        raise ValidationError(
            _("%(name)s: .%(ending)s files cannot be attached. Put it into a ZIP file."),
            "unknown_kind",
            {"name": name, "ending": extension},
        )
    content_type, agreeing = _KNOWN.get(extension, ("", frozenset()))
    if inside in agreeing or (not inside and extension in _UNKNOWN_INSIDE):
        return Recognised(name, content_type)
    raise _contradiction(name, inside, head)


def inside_of(head: bytes) -> str:
    """Return the usual extension of what these bytes begin, or nothing."""
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "ole"  # Word, Excel, PowerPoint and Outlook of before 2007
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"  # and all that is a zip inside, which only unpacking would tell apart
    if head.startswith(b"\xc5\xd0\xd3\xc6"):
        return "ps"
    if head.startswith((b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")):
        return "elf"  # programs of macOS, and Java's
    found = filetype.guess(head[:HEAD])
    return str(found.extension) if found else ""


def served_type(content_type: str) -> str:
    """Return what a download is called: what a browser could run is bytes."""
    return OPAQUE if content_type in RUNNABLE else content_type


def _named_by_content(name: str, inside: str, head: bytes) -> Recognised:
    if _is_text(head):
        return Recognised(name, "text/plain")
    if inside not in _KNOWN:
        raise ValidationError(
            _("%(name)s has no ending, like .pdf, and nothing inside says what it is."),
            "unknown_kind",
            {"name": name},
        )
    return Recognised(clean_name(f"{name}.{inside}"), _KNOWN[inside][0])


def _is_text(head: bytes) -> bool:
    return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _contradiction(name: str, inside: str, head: bytes) -> ValidationError:
    words = {
        "ole": _("a document of Microsoft Office"),
        "zip": _("a ZIP file or a document of an office program"),
        "": _("text") if _is_text(head) else _("something else"),
    }
    told = words.get(inside) or _("a file of the kind %(kind)s") % {"kind": inside.upper()}
    return ValidationError(
        _("%(name)s is not what its name says: inside is %(inside)s. Rename it and try again."),
        "contradiction",
        {"name": name, "inside": told},
    )
