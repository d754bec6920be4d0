"""What one measure gives, as data; the amount for one company is worked out in matcher.amounts.

Sums are in 万元 (the unit of the documents); rates are fractions. `base` is the registry field the rate applies to,
or None where the document's base is not something a company can state (`base_text` then says it in words).
`up_to` marks "最高／不超过": the estimate's lower end is then zero.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field

from policies.rules import Rule


class _Benefit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    note: str = ""


class Uplift(BaseModel):
    """A better rate or cap under a further condition (A 类企业上浮 20 %, 重大项目上限 2000 万元)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    when: Rule
    rate: float | None = Field(default=None, gt=0)
    cap_wan: float | None = Field(default=None, gt=0)


class Fixed(_Benefit):
    """One sum: an award, a lump-sum subsidy. `low_wan` differs from `amount_wan` for a range."""

    type: Literal["fixed"]
    amount_wan: float | None = Field(default=None, gt=0)
    low_wan: float | None = Field(default=None, ge=0)
    up_to: bool = False
    years: float = Field(default=1, gt=0, description="paid in this many yearly parts, the sum being the total")


class Ratio(_Benefit):
    """A share of a base, with cap, floor and uplifts; `rate` is None where the document's rate is not known."""

    type: Literal["ratio"]
    rate: float | None = Field(default=None, gt=0)
    rate_max: float | None = Field(default=None, gt=0)
    base: str | None = None
    base_text: str = ""
    up_to: bool = False
    cap_wan: float | None = Field(default=None, gt=0)
    floor_wan: float | None = Field(default=None, gt=0)
    uplifts: tuple[Uplift, ...] = ()


class Tier(BaseModel):
    """One step of a tiered benefit: a sum or a rate that applies when the condition holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    when: Rule
    amount_wan: float | None = Field(default=None, gt=0)
    rate: float | None = Field(default=None, gt=0)
    cap_wan: float | None = Field(default=None, gt=0)


class Tiered(_Benefit):
    """Steps from best to worst: the first whose condition holds decides; rates apply to `base`, sums to `per`."""

    type: Literal["tiered"]
    tiers: tuple[Tier, ...] = ()
    base: str | None = None
    base_text: str = ""
    per: str | None = Field(default=None, description="count field that each sum is multiplied with (vehicles)")
    up_to: bool = False
    cap_wan: float | None = Field(default=None, gt=0)


class Interest(_Benefit):
    """Interest support on a loan.

    `form`: "points" = percentage points on the principal a year (rate .015); "lpr_share" = share of the one-year LPR
    on the principal a year (rate .35); "rate_share" = share of the interest actually paid (rate .5).
    """

    type: Literal["interest"]
    form: Literal["points", "lpr_share", "rate_share"]
    rate: float | None = Field(default=None, gt=0)
    years: float = Field(default=1, gt=0)
    principal_cap_wan: float | None = Field(default=None, gt=0)
    cap_wan: float | None = Field(default=None, gt=0)
    up_to: bool = False
    uplifts: tuple[Uplift, ...] = ()


class Tax(_Benefit):
    """A tax relief.

    `form` and the meaning of `rate`: "rate" (reduced rate on `base` income, against `normal_rate`), "reduction" and
    "exemption" (share of the tax `base` that is waived), "super_deduction" (extra share of the cost `base` that is
    deducted; worth rate × income-tax rate), "credit" (share of the investment `base` off the tax), "extra_credit"
    (share of input VAT `base`), "refund" (share of the paid or carried tax `base`), "deferral" (timing only, no sum).
    """

    type: Literal["tax"]
    form: Literal["rate", "reduction", "exemption", "super_deduction", "credit", "extra_credit", "refund", "deferral"]
    rate: float | None = Field(default=None, ge=0)
    rate_max: float | None = Field(default=None, gt=0)
    normal_rate: float | None = Field(default=None, gt=0)
    base: str | None = None
    base_text: str = ""
    base_cap_wan: float | None = Field(default=None, gt=0)
    cap_wan: float | None = Field(default=None, gt=0)


class Premium(_Benefit):
    """A share of an insurance premium."""

    type: Literal["premium"]
    rate: float = Field(gt=0, le=1)
    base: str | None = "premium_wan"
    base_text: str = ""
    up_to: bool = True
    cap_wan: float | None = Field(default=None, gt=0)


class PerUnit(_Benefit):
    """A sum for each head, vehicle, tonne or container, for `years` years; `low_wan` for a range."""

    type: Literal["per_unit"]
    amount_wan: float | None = Field(default=None, gt=0)
    low_wan: float | None = Field(default=None, ge=0)
    unit: str
    base: str | None = None
    years: float = Field(default=1, gt=0)
    up_to: bool = False
    cap_wan: float | None = Field(default=None, gt=0)


class Guarantee(_Benefit):
    """A guarantee or risk share for a loan: access to credit, with fee rate and ceiling; no sum to the company."""

    type: Literal["guarantee"]
    fee_rate: float | None = Field(default=None, gt=0)
    share: float | None = Field(default=None, gt=0, le=1)
    principal_cap_wan: float | None = Field(default=None, gt=0)
    cap_wan: float | None = Field(default=None, gt=0)


class CreditLine(_Benefit):
    """A loan or credit line that becomes available (ceiling, preferential rate); not money given."""

    type: Literal["credit_line"]
    principal_cap_wan: float | None = Field(default=None, gt=0)
    rate: float | None = Field(default=None, gt=0)


class Equity(_Benefit):
    """Public capital taken in as a share; not a grant."""

    type: Literal["equity"]
    cap_wan: float | None = Field(default=None, gt=0)
    share_max: float | None = Field(default=None, gt=0, le=1)


class TopUp(_Benefit):
    """A share of the award that another measure or level of government gives."""

    type: Literal["top_up"]
    rate: float = Field(gt=0)
    of: str = Field(description="policy or measure id, or the award in words")


class Honour(_Benefit):
    """A title, list entry or platform status: no money by itself; `grants` names it in the honours vocabulary."""

    type: Literal["honour"]
    grants: str | None = None
    valid_years: float | None = Field(default=None, gt=0)


class Right(_Benefit):
    """A right that the company can use (a payment term, a service); no sum."""

    type: Literal["right"]


class Direction(_Benefit):
    """Sets a direction or tasks; nothing to apply for by itself."""

    type: Literal["direction"]


Benefit = Annotated[
    Fixed | Ratio | Tiered | Interest | Tax | Premium | PerUnit | Guarantee | CreditLine | Equity | TopUp | Honour
    | Right | Direction,
    Discriminator("type"),
]  # fmt: skip
