"""Proxies of the shared Dict, List, Namespace and Queue that a Go program keeps."""

from samebytes._proxy import Proxy

KINDS: dict[str, type[Proxy]] = {}
