"""XML of others: read with every definition of an entity refused, and no more than so many elements, so deep."""

from __future__ import annotations

import os
from xml.etree.ElementTree import Element, ParseError

import defusedxml
from defusedxml.ElementTree import iterparse

from graphdaw.graph import outside

MAX_BYTES = 16 << 20
MAX_ELEMENTS = 200_000
MAX_DEPTH = 64


def read_xml(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> Element:
    """The root of an XML file, its tags without their namespaces; raises OSError, and ValueError with the reason.

    A DTD is refused along with what it might define.
    """
    with outside.opened(path) as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise ValueError(f"it holds more than {max_bytes >> 20} MiB")
        root: Element | None = None
        depth = count = 0
        try:
            for event, element in iterparse(file, ("start", "end"), forbid_dtd=True):
                if event == "end":
                    depth -= 1
                    element.tag = element.tag.rpartition("}")[2]
                    continue
                depth, count = depth + 1, count + 1
                if depth > MAX_DEPTH or count > MAX_ELEMENTS:
                    raise ValueError(
                        f"it is nested more than {MAX_DEPTH} deep, or has more than {MAX_ELEMENTS} elements"
                    )
                root = element if root is None else root
        except (ParseError, defusedxml.DefusedXmlException, LookupError) as error:
            raise ValueError(f"it is no XML that can be read ({error})") from error
    if root is None:
        raise ValueError("it holds nothing")
    return root
