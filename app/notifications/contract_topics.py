"""What is told of season contracts."""

from app.notifications.sentence import SIDES, Sentence, Topic

CONTRACT = f"contract_id version {SIDES} commodity"

CONTRACT_TOPICS: dict[str, Topic] = {
    "contract.drafted": Topic(
        CONTRACT,
        {
            "all": Sentence(
                "Dự thảo hợp đồng {commodity}",
                "Có dự thảo hợp đồng mua bán {commodity} giữa {seller} và {buyer}. "
                "Hãy đọc và ký nếu đồng ý.",
                "Draft contract for {commodity}",
                "There is a draft contract for {commodity} between {seller} and {buyer}. "
                "Please read it, and sign it if you agree.",
            )
        },
    ),
    "contract.revised": Topic(
        CONTRACT,
        {
            "all": Sentence(
                "Hợp đồng {commodity} có bản mới",
                "Bản {version} của hợp đồng giữa {seller} và {buyer} chờ hai bên ký.",
                "A new version of the contract for {commodity}",
                "Version {version} of the contract between {seller} and {buyer} is waiting "
                "for both signatures.",
            )
        },
    ),
    "contract.signed": Topic(
        CONTRACT,
        {
            "all": Sentence(
                "Hợp đồng {commodity} đã ký",
                "{seller} và {buyer} đã ký hợp đồng {commodity}, bản {version}.",
                "The contract for {commodity} is signed",
                "{seller} and {buyer} have signed the contract for {commodity}, version {version}.",
            )
        },
    ),
    "contract.given_up": Topic(
        f"{CONTRACT} reason",
        {
            "all": Sentence(
                "Đề nghị chấm dứt hợp đồng {commodity}",
                "Một bên muốn chấm dứt hợp đồng giữa {seller} và {buyer} trước hạn. Lý do: "
                "{reason}. Hợp đồng chỉ chấm dứt khi bên kia cũng đồng ý.",
                "The contract for {commodity} may end early",
                "One side would end the contract between {seller} and {buyer}. Reason: {reason}. "
                "It ends only if the other agrees.",
            )
        },
    ),
    "contract.week_released": Topic(
        f"{CONTRACT} week",
        {
            "seller": Sentence(
                "{buyer} không nhận thêm {commodity} trong tuần {week}",
                "Hàng giữ cho hợp đồng tuần này nay bán được cho người khác.",
                "{buyer} takes no more {commodity} in the week of {week}",
                "What was held for the contract in this week may now be sold to others.",
            )
        },
    ),
    "contract.terminated": Topic(
        f"{CONTRACT} reason",
        {
            "all": Sentence(
                "Hợp đồng {commodity} đã chấm dứt",
                "Hợp đồng giữa {seller} và {buyer} chấm dứt trước hạn. Lý do: {reason}.",
                "The contract for {commodity} is terminated",
                "The contract between {seller} and {buyer} has ended early. Reason: {reason}.",
            )
        },
    ),
    "contract.called_off": Topic(
        f"{CONTRACT} call_off_id order_id week quantity unit_price",
        {
            "seller": Sentence(
                "{buyer} gọi {quantity} {unit} {commodity}",
                "Tuần từ {week}: {quantity} {unit} {commodity}, giá {unit_price} đồng/{unit} "
                "theo hợp đồng.",
                "{buyer} calls {quantity} {unit} of {commodity}",
                "Week of {week}: {quantity} {unit} of {commodity} at {unit_price} VND/{unit} "
                "under your contract.",
            ),
        },
    ),
    "contract.shortfall_told": Topic(
        f"{CONTRACT} week quantity reason",
        {
            "buyer": Sentence(
                "{seller} báo thiếu {commodity}",
                "Tuần từ {week} dự kiến chỉ có {quantity} {unit}. Lý do: {reason}.",
                "{seller} expects too little {commodity}",
                "The week of {week} is expected to bring only {quantity} {unit}. Reason: {reason}.",
            ),
        },
    ),
    "contract.breached_week": Topic(
        f"{CONTRACT} breach_id week kind quantity remedy_amount answer_by",
        {
            "all": Sentence(
                "Hợp đồng {commodity}: tuần {week} không đúng cam kết",
                "Thiếu {quantity} {unit}; khoản bồi thường theo hợp đồng {remedy_amount} đồng. "
                "Hạn giải trình: {answer_by}.",
                "Contract for {commodity}: the week of {week} fell short",
                "{quantity} {unit} are missing; the agreed remedy is {remedy_amount} VND. "
                "Explanations are due by {answer_by}.",
            )
        },
    ),
    "contract.breach_excused": Topic(f"{CONTRACT} week"),
    "contract.fulfilled": Topic(
        CONTRACT,
        {
            "all": Sentence(
                "Hợp đồng {commodity} đã hoàn thành",
                "Vụ hợp đồng giữa {seller} và {buyer} kết thúc, hai bên làm đúng cam kết.",
                "The contract for {commodity} is fulfilled",
                "The season between {seller} and {buyer} is over and both kept their word.",
            )
        },
    ),
    "contract.breached": Topic(
        CONTRACT,
        {
            "all": Sentence(
                "Hợp đồng {commodity} kết thúc, có vi phạm",
                "Vụ hợp đồng giữa {seller} và {buyer} kết thúc với vi phạm được ghi nhận.",
                "The contract for {commodity} ended in breach",
                "The season between {seller} and {buyer} is over with a breach on record.",
            )
        },
    ),
}
