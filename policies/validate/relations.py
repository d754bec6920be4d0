"""Do the links between policies hold: targets that exist, no circles, and a status that agrees with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.library import Library
from policies.policy import Policy, first_day
from policies.validate.report import Finding, Findings

_REPLACED_BY = {"superseded_by": True, "supersedes": False}
_FOLLOWED_BY = {"followed_by": True, "follows": False}
Edges = dict[str, set[str]]


def relation_findings(library: Library) -> Findings:
    """Dangling, self-referring, circular and contradictory relations of the whole library."""
    policies = library.policies
    problems = [found for policy in policies.values() for found in _targets(policy, policies)]
    replaced, followed = _edges(policies, _REPLACED_BY), _edges(policies, _FOLLOWED_BY)
    problems += [*_circles(replaced, "取代"), *_circles(followed, "接续")]
    problems += _status(policies, replaced, followed)
    return Findings(tuple(problems), tuple(_order(policies, replaced)))


def _targets(policy: Policy, policies: Mapping[str, Policy]) -> Iterator[Finding]:
    for index, relation in enumerate(policy.relations):
        path = f"relations[{index}]"
        if relation.target == policy.policy_id:
            reason = f"{relation.type} 指向政策自己"
            yield _finding("自指的关系", policy, path, reason, "请改成另一项政策，或删去这条关系")
        elif relation.target is not None and relation.target not in policies:
            yield _finding(
                "失效的关系",
                policy,
                path,
                f"{relation.type} 指向“{relation.target}”，库里没有这项政策",
                "请改正编号；库外文件请写 target_text",
            )


def _edges(policies: Mapping[str, Policy], types: Mapping[str, bool]) -> Edges:
    """Old policy to new ones; `types` says for each relation whether it points from old to new."""
    edges: Edges = {policy_id: set() for policy_id in policies}
    for policy in policies.values():
        for relation in policy.relations:
            other = relation.target
            if relation.type in types and other is not None and other in policies and other != policy.policy_id:
                old, new = (policy.policy_id, other) if types[relation.type] else (other, policy.policy_id)
                edges[old].add(new)
    return edges


def _circles(edges: Edges, word: str) -> Iterator[Finding]:
    """Every policy that reaches itself, reported once per circle at its first member."""
    told: set[str] = set()
    for start in edges:
        circle = _way_back(start, edges)
        if circle and not told & set(circle):
            told |= set(circle)
            reason = f"{word}关系成环：{' → '.join([*circle, start])}"
            remedy = "请核对文号和日期，去掉方向写反的一条"
            yield Finding("循环的关系", f"{start}.yaml", "relations", reason, remedy)


def _way_back(start: str, edges: Edges) -> list[str]:
    """A path from `start` that leads back to it, without the return; empty if there is none."""
    paths, seen = [[start]], {start}
    while paths:
        path = paths.pop()
        for following in sorted(edges[path[-1]]):
            if following == start:
                return path
            if following not in seen:
                seen.add(following)
                paths.append([*path, following])
    return []


def _status(policies: Mapping[str, Policy], replaced: Edges, followed: Edges) -> Iterator[Finding]:
    for policy in policies.values():
        new = replaced[policy.policy_id]
        outside = any(r.type in {"superseded_by", "followed_by"} and r.target_text for r in policy.relations)
        if policy.status == "superseded" and not (new or followed[policy.policy_id] or outside):
            yield _finding(
                "被取代而无后继",
                policy,
                "status",
                "状态是 superseded，却没有写由哪项政策取代",
                "请加 superseded_by 关系（库外文件写 target_text），或改正状态",
            )
        if policy.status == "in_force" and new:
            yield _finding(
                "取代关系与状态矛盾",
                policy,
                "status",
                f"状态是 in_force，但已被 {'、'.join(sorted(new))} 取代",
                "请把状态改为 superseded，或改正取代关系（部分修改用 amends）",
            )


def _order(policies: Mapping[str, Policy], replaced: Edges) -> Iterator[Finding]:
    for old, news in replaced.items():
        for new in sorted(news):
            before, after = policies[old].published, policies[new].published
            if before and after and first_day(before) > first_day(after):
                yield _finding(
                    "取代先后颠倒",
                    policies[new],
                    "published",
                    f"发布于 {after}，早于它取代的 {old}（{before}）",
                    "请核对两份文件的发布日期和取代方向",
                )


def _finding(kind: str, policy: Policy, path: str, reason: str, remedy: str) -> Finding:
    return Finding(kind, f"{policy.policy_id}.yaml", path, reason, remedy)
