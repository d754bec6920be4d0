"""Bodies of answers about jobs and about the service."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, Field

from matcher.api.answers import Envelope, shown, worded
from matcher.api.requests import DAY_EXAMPLE


class JobInfo(BaseModel, title="一个作业"):
    """A job."""

    job_id: str = worded("作业编号。", "kQ2vJ8w0Tn6h3mZc5yXbLA")
    kind: Literal["bulk", "reverse"] = worded("bulk 批量匹配，reverse 按政策找企业。", "bulk")
    name: str = worded("上传文件的名称。", "企业名单.xlsx")
    state: Literal["waiting", "running", "done", "failed", "cancelled"] = worded(
        "waiting 排队，running 处理中，done 完成，failed 失败，cancelled 已取消。", "running"
    )
    stage: str = worded("正在做什么。", "匹配")
    done: int = shown("这一步已处理的企业数。", 120)
    total: int | None = shown("这一步共有的企业数；还不知道时为 null。", 200)
    ahead: int = shown("前面还有几个作业；不在排队时为 0。", 0)
    seconds_left: float | None = shown("这一步大约还要几秒；还不知道时为 null。", 8.5)
    problem: str = worded("失败的原因；没有时为空。", "")
    report: dict[str, Any] | None = shown("完成后的统计；之前为 null。", {"companies": 187, "rejected": 13})
    options: dict[str, Any] = shown("选项。", {"as_of": DAY_EXAMPLE, "k": 10, "out_format": "xlsx"})
    created_at: dt.datetime = shown("提交时间。", "2026-11-23T09:00:00+08:00")
    started_at: dt.datetime | None = shown("开始时间。", "2026-11-23T09:00:01+08:00")
    ended_at: dt.datetime | None = shown("结束时间。", "2026-11-23T09:00:20+08:00")


class JobAnswer(Envelope, title="一个作业"):
    """The answer about one job."""

    job: JobInfo = Field(description="作业。")


class JobsAnswer(Envelope, title="自己的作业"):
    """One page of one's jobs."""

    total: int = shown("共有多少个作业。", 1)
    page: int = shown("第几页。", 1)
    pages: int = shown("共几页。", 1)
    jobs: list[JobInfo] = Field(description="本页的作业，新的在前。")


class Encoder(BaseModel, title="语义模型"):
    """The encoder in use."""

    model: str = worded("模型。", "multilingual-e5-small")
    dense: bool = shown("是否在用；否则只比较条件和字词。", True)


class HealthAnswer(Envelope, title="服务状态"):
    """How the service is."""

    live: bool = shown("服务是否在运行。", True)
    ready: bool = shown("政策库是否已加载，可以匹配。", True)
    encoder: Encoder | None = Field(description="语义模型；加载完成前为 null。")
