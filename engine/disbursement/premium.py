"""The premium part of a month run: medical insurance that the fund pays for everybody who draws benefit (CLAIM-08).

Source: 社会保险法 art. 48: the fund pays all, the person nothing, for the same months as the benefit. One order for
each region and run, to the region's medical insurance centre.
"""

from __future__ import annotations

from datetime import datetime

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.disbursement.month_run import run_key
from engine.disbursement.tables import MonthDecision, MonthPart, MonthRun
from engine.money.payees import PayeeBook
from engine.money.payments import order_payment
from engine.store.crypto import Vault
from engine.values import Actor, Money, Month, Reason

SOURCE = "社会保险法第四十八条"


def order_premium(
    session: Session,
    vault: Vault,
    run: MonthRun,
    part: MonthPart,
    *,
    payees: PayeeBook,
    production: bool,
    actor: Actor,
    now: datetime,
) -> int:
    """How many persons the premium of the region was ordered for; none where none is due or nobody to pay is known.

    A missing payee stands among the gaps of the run: the premium is owed, and ordered by a later round.
    """
    people, fen = session.execute(
        select(func.count(), func.coalesce(func.sum(MonthDecision.medical_fen), 0)).where(
            MonthDecision.run_id == run.id, MonthDecision.region == part.region, MonthDecision.medical_fen > 0
        )
    ).one()
    if not fen:
        return 0
    payee = payees.find("medical", part.region)
    if payee is None or (production and not payee.verified):
        _tell_gap(run, part.region, Money(int(fen)))
        return 0
    order_payment(
        session,
        vault,
        key=f"medical:{part.region}:{run_key(run)}",
        payee_kind="office",
        payee_id=int(payee.region),
        payee_name=payee.name,
        account=payee.account,
        account_name=payee.account_name,
        amount=Money(int(fen)),
        purpose="medical",
        month=Month.parse(run.month),
        region=part.region,
        case_id=None,
        actor=actor,
        now=now,
    )
    return int(people)


def _tell_gap(run: MonthRun, region: str, owed: Money) -> None:
    gap = Reason(
        code="no_payee",
        text=f"{region} 没有登记可付的医保经办账户，代缴医疗保险费 {owed.text} 元没有生成支付单",
        text_en=f"No account of a medical insurance centre for {region}: {owed.text} yuan were not ordered.",
        source=SOURCE,
        fact="processes/payees.yaml",
    )
    run.gaps = orjson.dumps([*orjson.loads(run.gaps), gap.plain()]).decode()
