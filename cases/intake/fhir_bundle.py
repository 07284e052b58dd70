"""The resources of one message, and which of them a reference means.

A reference is resolved within the message only (R4, section 3.1.6.1.1 "Resolving references in Bundles"): `#id` to a
contained resource, a full URL or `urn:uuid:` by the entry's fullUrl, `Type/id` beside the entry that refers, or by
the one entry of that type and id. What is not there is not fetched.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cases.intake.fhir_json import Node

MOST_STUDIES = 50
"""Imaging studies of one order that are looked at."""

_VERSION = re.compile(r"/_history/[^/]*$")
_RELATIVE = re.compile(r"[A-Za-z]+/[\w.\-]+")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its content, the resource of the entry that it is or lies in, and that entry's full URL."""

    node: Node
    entry: Node
    url: str = ""

    @property
    def kind(self) -> str:
        """The type of the resource."""
        return self.node.kind


class Resources:
    """The resources of a message that is one resource, or a Bundle of any type."""

    def __init__(self, root: Node) -> None:
        self.entries = tuple(_entries(root))
        self._by_url: dict[str, Resource] = {}
        self._by_name: defaultdict[str, list[Resource]] = defaultdict(list)
        self._contained: dict[str, dict[str, Resource]] = {}
        for entry in self.entries:
            if entry.url:
                self._by_url.setdefault(entry.url, entry)
            if name := name_of(entry):
                self._by_name[name].append(entry)

    @cached_property
    def studies_on(self) -> Mapping[str, list[Resource]]:
        """The imaging studies that were made on an order, by the path of the order."""
        found: defaultdict[str, list[Resource]] = defaultdict(list)
        for study in self.of("ImagingStudy"):
            for reference in study.node.children("basedOn"):
                order = self.find(reference, study)
                if order and len(found[order.node.path]) < MOST_STUDIES:
                    found[order.node.path].append(study)
        return found

    def of(self, kind: str) -> list[Resource]:
        """Return the entries of a type, in order."""
        return [entry for entry in self.entries if entry.kind == kind]

    def find(self, reference: Node | None, at: Resource) -> Resource | None:
        """Return the resource that `reference`, which stands in `at`, means; None where it is not in the message."""
        target = _VERSION.sub("", reference.text("reference")) if reference else ""
        if not target:
            return None
        if target.startswith("#"):
            return self._within(at).get(target[1:])
        if target in self._by_url:
            return self._by_url[target]
        if not _RELATIVE.fullmatch(target):
            return None
        own = name_of(at) if at.node is at.entry else ""
        beside = f"{at.url.removesuffix(own)}{target}" if own and at.url.endswith(own) else ""
        same = self._by_name.get(target, [])
        return self._by_url.get(beside) or (same[0] if len(same) == 1 else None)

    def _within(self, at: Resource) -> dict[str, Resource]:
        """Return the contained resources of the entry by id."""
        if at.entry.path not in self._contained:
            self._contained[at.entry.path] = {
                name: Resource(node, at.entry, at.url)
                for node in at.entry.children("contained")
                if (name := node.text("id"))
            }
        return self._contained[at.entry.path]


def name_of(resource: Resource) -> str:
    """Return `Type/id`, or "" where the resource has no id."""
    name = resource.node.text("id")
    return f"{resource.kind}/{name}" if name else ""


def _entries(root: Node) -> Iterator[Resource]:
    if root.kind != "Bundle":
        yield Resource(root, root)
        return
    for entry in root.children("entry"):
        if node := entry.child("resource"):
            yield Resource(node, node, entry.text("fullUrl"))
