"""Search over the policy library: by words and by meaning, whatever the state of a policy.

>>> SearchRequest("设备更新贷款贴息", levels=("national",)).page
1
"""

from matcher.search.engine import Facet, Hit, SearchResult, search
from matcher.search.highlight import Segment
from matcher.search.request import KINDS, LEVELS, MAX_SIZE, STATES, THEMES, SearchRequest, read_names
from matcher.search.show import print_search
from matcher.search.standing import Answer, Standing, standings
from matcher.search.wire import search_json
from matcher.search.words import MAX_QUERY_CHARS

__all__ = [
    "KINDS",
    "LEVELS",
    "MAX_QUERY_CHARS",
    "MAX_SIZE",
    "STATES",
    "THEMES",
    "Answer",
    "Facet",
    "Hit",
    "SearchRequest",
    "SearchResult",
    "Segment",
    "Standing",
    "print_search",
    "read_names",
    "search",
    "search_json",
    "standings",
]
