"""XML from outside as a tree of elements: no entities, no document types, no other files, and limits on everything."""

from __future__ import annotations

import os
import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from graphdaw.graph import outside

MAX_BYTES = 32 << 20
MAX_ELEMENTS = 300_000
MAX_DEPTH = 64
_BARE_DOCTYPE = re.compile(rb"<!DOCTYPE\s+[\w-]+\s*>")  # which names the root and nothing else
_HEAD_BYTES = 4_096


class XmlError(ValueError):
    """The bytes are no XML that can be taken; says why in a few words."""


def read_xml(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> Element:
    """The root of an XML file, its tags without their namespaces; raises OSError, and XmlError."""
    with outside.opened(path) as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise XmlError(f"it holds more than {max_bytes >> 20} MiB")
        root = parse_xml(file.read(max_bytes + 1))
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def parse_xml(data: bytes) -> Element:
    """The root element; raises XmlError."""
    if len(data) > MAX_BYTES:
        raise XmlError(f"it holds more than {MAX_BYTES >> 20} MiB of XML")
    data = _BARE_DOCTYPE.sub(b"", data[:_HEAD_BYTES], count=1) + data[_HEAD_BYTES:]
    try:
        parser = DefusedXMLParser(target=_Grower(), forbid_dtd=True)
        parser.feed(data)
        root = parser.close()
    except DefusedXmlException as error:
        raise XmlError("it declares entities or a document type, which is not taken from strangers") from error
    except ParseError as error:
        raise XmlError(f"it is not well-formed XML ({error})") from error
    except (LookupError, UnicodeError) as error:
        raise XmlError("its encoding is not known") from error
    if not isinstance(root, Element):
        raise XmlError("it holds no element")
    return root


class _Grower:
    """Builds the tree and counts as it goes."""

    def __init__(self) -> None:
        self._open: list[Element] = []
        self._root: Element | None = None
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise XmlError(f"it holds more than {MAX_ELEMENTS} elements")
        if len(self._open) >= MAX_DEPTH:
            raise XmlError(f"its elements are nested more than {MAX_DEPTH} deep")
        element = Element(tag, attributes)
        if self._open:
            self._open[-1].append(element)
        else:
            self._root = element
        self._open.append(element)

    def end(self, _tag: str) -> None:
        """An element ends."""
        self._open.pop()

    def data(self, text: str) -> None:
        """Text within an element before the first that it holds; what comes after is not used by any format here."""
        if self._open and not len(self._open[-1]):
            self._open[-1].text = (self._open[-1].text or "") + text

    def close(self) -> Element | None:
        """The tree."""
        return self._root
