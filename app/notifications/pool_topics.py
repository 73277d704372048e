"""What is told of pools."""

from app.notifications.sentence import Sentence, Topic

POOL = "pool_id cooperative_id commodity pooled full_load missing until"
SHARE = "pool_id settlement_id seller_id buyer_id commodity accepted_quantity amount"

POOL_TOPICS: dict[str, Topic] = {
    "pool.opened": Topic(
        POOL,
        {
            "all": Sentence(
                "{cooperative} gom {commodity}",
                "Cần đủ {full_load} {unit} {commodity} trước {until}. Bạn có thể góp lô của mình.",
                "{cooperative} is pooling {commodity}",
                "{full_load} {unit} of {commodity} are needed before {until}. You may bring a lot "
                "of yours.",
            )
        },
    ),
    "pool.proposed": Topic(
        f"{POOL} quantity",
        {
            "all": Sentence(
                "{cooperative} đề nghị góp {quantity} {unit} {commodity} của bạn",
                "Hãy đồng ý hoặc rút phần góp này trước {until}; chưa đồng ý thì hàng chưa bị giữ.",
                "{cooperative} would pool {quantity} {unit} of your {commodity}",
                "Please agree or withdraw it before {until}; nothing is set aside until you agree.",
            )
        },
    ),
    "pool.joined": Topic(
        f"{POOL} quantity member_id",
        {
            "all": Sentence(
                "{member} góp {quantity} {unit} {commodity}",
                "Đã gom {pooled}/{full_load} {unit}; còn thiếu {missing} {unit}.",
                "{member} brings {quantity} {unit} of {commodity}",
                "{pooled} of {full_load} {unit} are pooled; {missing} {unit} are missing.",
            )
        },
        email=False,
    ),
    "pool.withdrawn": Topic(
        f"{POOL} quantity member_id",
        {
            "all": Sentence(
                "Rút {quantity} {unit} {commodity} khỏi đợt gom",
                "Phần góp của {member} đã rút; còn thiếu {missing} {unit}.",
                "{quantity} {unit} of {commodity} withdrawn from the pool",
                "What {member} brought is out; {missing} {unit} are missing.",
            )
        },
        email=False,
    ),
    "pool.closed": Topic(
        f"{POOL} quantity",
        {
            "all": Sentence(
                "Đợt gom {commodity} đã đủ chuyến",
                "{quantity} {unit} nay là một lô do {cooperative} bán; tiền chia theo lượng và "
                "chất lượng từng phần góp.",
                "The pool of {commodity} is full",
                "{quantity} {unit} are one lot now, sold by {cooperative}; the proceeds are split "
                "by what each brought and its quality.",
            )
        },
    ),
    "pool.returned": Topic(
        f"{POOL} quantity",
        {
            "all": Sentence(
                "Đợt gom {commodity} trả lại hàng",
                "{quantity} {unit} được trả lại cho những người đã góp; bạn có thể bán phần mình.",
                "The pool of {commodity} gives back",
                "{quantity} {unit} go back to those who brought them; yours is free to sell.",
            )
        },
    ),
    "pool.shipped": Topic(POOL),
    "pool.shared": Topic(
        SHARE,
        {
            "seller": Sentence(
                "Bạn được chia {amount} đồng từ đợt gom {commodity}",
                "{accepted_quantity} {unit} của bạn được nhận. {buyer} trả bạn {amount} đồng.",
                "Your share of the pool of {commodity}: {amount} VND",
                "{accepted_quantity} {unit} of yours were accepted. {buyer} owes you {amount} VND.",
            )
        },
    ),
    "pool.overpaid": Topic(
        SHARE,
        {
            "seller": Sentence(
                "Bạn đã nhận dư {amount} đồng từ đợt gom {commodity}",
                "Phần của bạn tính lại theo {accepted_quantity} {unit} được nhận. Khoản dư trừ vào "
                "lần trả sau của {buyer}.",
                "You have received {amount} VND too much from the pool of {commodity}",
                "Your share was computed again for {accepted_quantity} {unit} accepted. It is "
                "taken off the next payment by {buyer}.",
            )
        },
    ),
}
