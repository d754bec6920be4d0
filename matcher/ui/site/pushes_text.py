"""All Chinese text of the staff's pages around pushes."""

from __future__ import annotations

# ---- everywhere -----------------------------------------------------------------------------------------------------

PUSHES, STATISTICS, DEAD, TARGETS = "推送", "触达统计", "未能送达", "允许的目标"
PARTS = "推送的各个页面"
BACK = "返回推送列表"
REFUSED_BACK = "返回推送"
PREVIOUS, NEXT, PAGES, PAGE_NOW = "上一页", "下一页", "翻页", "第 {page} 页，共 {pages} 页"
LIBRARY_LOADING = "政策库正在载入，暂时显示事项编号；稍后刷新即可看到名称。"
GONE_MEASURE = "政策库里已经没有这个事项"
UNIT_MESSAGE = "{n} 条"
FILTER_STATE = "按状态筛选"
ALL = "全部"
TABLE = "{name}（表格，可左右滚动）"

LOGIN_FIRST = ("请先登录", "这个页面需要登录后使用；登录可能已到期，请重新登录。")
STAFF_ONLY = ("没有权限", "这个页面供服务专员使用。如需开通，请联系管理员。")
ADMIN_ONLY = ("没有权限", "只有管理员能添加或移除允许的目标。您可以查看；需要改动请联系管理员。")
NOT_FOUND = ("没有找到", "没有这个推送或这条消息，可能已随企业信息一起清除。请从推送列表重新进入。")
BUSY = ("正在处理", "另一项操作还没有完成，这一步没有执行。请稍等片刻，刷新后再看。")
NOT_DONE = "没有完成"

# ---- list -----------------------------------------------------------------------------------------------------------

LISTED = "推送记录"
LEAD = "政策有变化、并且有订阅的企业适合时，系统生成待审核的推送；您批准后才会发出。"
LOOK, LOOK_TITLE = "立即查找", "查找新推送"
LOOK_LEAD = "比对政策库与上次查找后的变化：新增、有变化、开始申报、快要截止、接续。后台程序每天也会自动查找一次。"
LOOK_FIRST = "还没有查找过。第一次查找只记录政策库和企业的现状，不产生推送；以后有变化时才产生。"
LOOK_RUNNING = "正在查找（{by}，{at} 开始）。企业多时要几分钟；可以离开本页，查找不会中断。"
LOOK_RUNNING_HINT = "完成后本页自动刷新；没有自动刷新时，请点“刷新”。"
LOOK_REFRESH = "刷新"
LOOK_DONE = "{at} 查找完成（{by}）：{found}"
LOOK_DRAFTS = "新增 {n} 个待审核的推送。"
LOOK_NOBODY = "另有 {n} 项变化没有需要告知的企业。"
LOOK_NOTHING = "没有新的变化。"
LOOK_NOTED = "已记录现状，这是第一次查找，没有产生推送。"
LOOK_FAILED = "{at} 查找没有完成（{by}）：{reason}"
LOOK_BROKEN = "系统内部错误（{kind}）。请稍后再试；如再次失败，请联系管理员查看日志"
LOOK_AGAIN = ("正在查找", "已经有一次查找在进行，不能同时进行两次。请等它完成，推送列表上会显示结果。")
EMPTY = "还没有推送"
EMPTY_HOW = (
    "企业（或专员为导入的企业）订阅政策提醒，并确认订阅。",
    "查找：政策新增、变化、开始申报、快要截止时，找出新符合条件或只差一项信息的企业。",
    "专员在这里审核：看看找到了谁、消息怎么写，批准后按各家选择的时间发出。",
)
EMPTY_STATE = "没有“{state}”的推送"
SHOW_ALL = "查看全部推送"
SAVED_TO = "本次告知：{companies} 家企业，{messages} 条消息"
TO_NOBODY = "没有需要告知的企业"
MADE_AT = "{at} 生成"

# ---- one push -------------------------------------------------------------------------------------------------------

POLICY, OCCASION, STATE, MADE, DECIDED = "所属政策", "缘由", "状态", "生成时间", "最近处理"
DECIDED_BY = "{by}，{at}"
DO_APPROVE, DO_PAUSE, DO_RESUME, DO_CANCEL = "批准……", "暂停", "继续发送", "取消推送……"
DO = "处理这个推送"
NOTHING_TO_DO = {
    "cancelled": "这个推送已取消，不会再发出消息。",
    "nobody": "没有需要告知的企业，所以没有消息，也不用处理。",
}
HINTS = {
    "draft": "还没有发出任何消息。请看看找到的企业和消息的样子，再批准或取消。",
    "approved": "消息按各家订阅选择的时间发出。暂停后，正在发送的会发完，其余的等您继续。",
    "paused": "已暂停：没有发出的消息等您继续后再发。",
}
FOUND_TITLE = "找到了哪些企业"
FOUND_ALL, FOUND_NOT_TOLD = "这个事项与全部企业的比对", "符合条件或只差一项，但这次不告知"
FOUND_NOTE = "一家企业可以有几条消息（每个已确认的订阅一条）。"
FOUND_COUNT = "企业数（家）"
FOUND_WHAT, FOUND_WHY = "比对结果", "原因"
LIST_TITLE = "消息"
NO_MESSAGES = "没有消息。"
NO_MESSAGES_STATE = "没有“{state}”的消息。"
COMPANY, CHANNEL, REGION = "企业", "渠道", "地区"
DONE = {
    "approve": "已批准。消息将按各家订阅选择的时间发出，站内信已经放入。",
    "pause": "已暂停。",
    "resume": "已继续发送。",
    "cancel": "已取消。没有发出的消息不会再发。",
}
TOO_LATE = "已经有人处理过"
TOO_LATE_DETAIL = "这个推送现在是“{state}”{who}，您的操作没有执行。请回到这个推送，看看现在的情况。"
TOO_LATE_BY = "（{decided}）"
TO_PUSH = "回到这个推送"

ASK_APPROVE, ASK_APPROVE_TITLE = "确认批准", "批准这个推送？"
ASK_SENT_TO = "将发给 {companies} 家企业，共 {messages} 条消息，其中{channels}。"
ASK_CHANNEL = "{channel} {n} 条"
ASK_WHEN = (
    "站内信立即放入；其他渠道按各家订阅选择的时间（勿扰时段、工作日、汇总、每周上限）发出。"
    "批准后可以暂停，但收不回已经发出的消息。"
)
ASK_NO_KEY = "服务器没有设置 HUIQI_CONTACT_KEY：站内信以外的消息要等设置后才能发出。"
ASK_NO_MAIL = "服务器没有设置发信服务器（HUIQI_SMTP）：电子邮件要等设置后才能发出。"
ASK_CANCEL, ASK_CANCEL_TITLE = "确认取消推送", "取消这个推送？"
ASK_CANCELLED = "还没有发出的 {n} 条消息将不再发送，取消后不能恢复。"
ASK_CANCELLED_SENT = "已经送达的 {n} 条不受影响。"
ASK_CANCELLED_AGAIN = "以后再有变化时，仍会正常推送。"
ASK_BACK = "先不处理，返回"

# ---- one message ----------------------------------------------------------------------------------------------------

MESSAGE_TITLE = "给{company}的消息"
KINDS = {"digest": "政策汇总（{n} 条消息合成）", "confirmation": "订阅确认请求"}
KIND, TO, DIGEST, KEY = "类型", "收件人", "并入", "消息标识"
NOT_BEFORE, TRIES, PROBLEM = "最早发送时间", "尝试次数", "最近的问题"
SENT_AT, RECEIPT, READ_AT = "送达时间", "接收方回执", "已读时间"
OF_PUSH = "所属推送"
TO_INBOX = "本网站的站内信"
TO_HIDDEN = "（没有密钥，不能显示）"
TO_GONE = "（联系方式已删除）"
UNIT_TRIES = "{n} 次"
OPEN_DIGEST = "查看汇总消息"
PREVIEW, PREVIEW_LEAD = (
    "各渠道的样子",
    "这条消息由“{channel}”发出；其他渠道的样子供参考。退订和确认链接在发送时生成，这里不显示。",
)
PREVIEW_OWN = "（本消息的渠道）"
SUBJECT, MAIL_LOOK, MAIL_TEXT, MAIL_FRAME = "主题", "邮件的样子", "纯文本部分", "电子邮件预览：{subject}"
SIZE_LIMIT = "{size} 字节（上限 {limit} 字节）"
ROBOT_LEAD = "机器人收到的 Markdown 原文："
WEBHOOK_LEAD = "接口收到的 JSON（message 部分，另有签名和消息标识）："
LINK_SHOWN = "（发送时生成）"
ATTEMPTS_TITLE, NO_ATTEMPTS = "发送记录", "还没有尝试发送。"
NO_ATTEMPTS_INBOX = "站内信在批准时直接放入，没有发送过程。"
AT, OUTCOME, DETAIL = "时间", "结果", "说明"
SEND_AGAIN = "重新发送"

# ---- statistics -----------------------------------------------------------------------------------------------------

STATISTICS_LEAD = "按消息的生成日期统计；订阅确认请求不计，汇总中的每条消息分别计算。"
RATE_MEANS = "触达率 = 已送达 ÷ 消息数；消息数包括还没有批准或还没到时间的，不包括已取消的。已读只统计站内信。"
FROM, UNTIL, SHOW = "从", "到", "查看"
RANGES = (("近 7 天", 7), ("近 30 天", 30), ("近 90 天", 90))
RANGE = "常用的时间范围"
ANY_TIME = "全部时间"
BAD_RANGE = "开始日期晚于结束日期，请改正"
DAY_HINT = "写成 2026-11-23，也可以写 2026年11月 或 2026；不填表示不限。"
UNKNOWN_TABLE = "没有这种统计。请从“触达统计”页面下载。"
DATES_WRONG = "日期有误，显示的是全部时间"
BY = {"measure": "按事项", "region": "按地区", "channel": "按渠道"}
BY_NAME = {"measure": "支持事项", "region": "地区（市）", "channel": "渠道"}
MADE_N, SENT_N, RATE, READ_N, DEAD_N, CANCELLED_N = (
    "消息（条）", "已送达（条）", "触达率（%）", "已读（条）", "未能送达（条）", "已取消（条）",
)  # fmt: skip
TOTAL = "合计"
SWIPE = "左右滑动表格，查看全部列。"
NO_RATE = "—"
EXPORT = "下载 CSV（{by}）"
EXPORT_NAME = "触达统计{by}"
ONLY_SOME = "表中是消息最多的 {n} 项，共 {all} 项；完整数据请下载 CSV。"
NO_STATISTICS = "这段时间没有消息。批准推送、发出消息后，这里显示送达情况。"

# ---- given up -------------------------------------------------------------------------------------------------------

DEAD_LEAD = "多次重试仍失败或被接收方拒绝的消息。处理好原因后可以重新发送；重发仍按订阅和允许的目标检查。"
DEAD_NONE = "没有未能送达的消息。"
DEAD_WHY, DEAD_WHY_TEXT, DEAD_WHY_N = "最常见的原因", "原因", "消息（条）"
DEAD_NO_REASON = "没有记录原因"
DEAD_LIST = "消息"
AGAIN_ALL, AGAIN_ALL_ASK, AGAIN_ALL_YES = (
    "全部重新发送……", "将重新发送 {n} 条消息。请先确认原因已经解决，否则会再次失败。", "确认全部重新发送",
)  # fmt: skip
AGAIN_DONE = "已重新排队 {n} 条消息，将由后台程序发送。"
AGAIN_NONE = "没有需要重新发送的消息，可能已由他人处理。"
AGAIN_WHAT = ("请选择消息", "没有说明要重新发送哪一条消息。请从“未能送达”页面操作。")
NO_PUSH = "不属于推送"

# ---- targets --------------------------------------------------------------------------------------------------------

TARGETS_LEAD = "消息只发往这里列出的主机；不在列表中的目标一律拒绝，并记录原因。只有管理员能改动。"
TARGETS_READ = "您可以查看；添加或移除请联系管理员。"
TARGETS_NONE = "还没有允许的目标，目前只能用站内信。"
CHANNELS_WITHOUT = "还没有允许的目标，不能发送的渠道：{channels}。"
HOST, ADDED = "主机或域名", "添加"
ADDED_BY = "{by}，{at}"
REMOVE, REMOVE_ASK, REMOVE_YES = "移除", "移除后，发往这里的消息会被拒绝。", "确认移除"
ADD_TITLE, ADD = "添加目标", "添加"
HOST_HINT = (
    "电子邮件填收件人邮箱 @ 后面的域名，或填 * 表示不限；其他渠道填主机名，如 hook.example.cn，内网可填 IP 地址或网段。"
)
PRESETS, PRESET, PRESET_DONE = "官方机器人的主机", "允许{name}（{host}）", "{name}（{host}）已允许"
TARGETS_DONE = {"added": "已添加。", "removed": "已移除。", "missing": "它已经不在列表中。"}
PROBLEMS = "没有添加，请改正"
CHOOSE = "请选择渠道"
CHANNEL_FIELD, UNKNOWN_CHANNEL = "渠道", "没有选择渠道，或没有这个渠道"
EMPTY_HOST = "没有填写"
ANY_HOST = "*（不限域名）"
SETTINGS = "服务器设置"
KEY_SET, KEY_MISSING = (
    "联系方式密钥（HUIQI_CONTACT_KEY）：已设置。",
    "没有设置联系方式密钥（HUIQI_CONTACT_KEY）：不能保存和使用邮箱、机器人等联系方式，目前只能用站内信。"
    "请在服务器上运行 huiqi store key 生成密钥，放进环境变量后重启；网站和 huiqi worker 要用同一个密钥。",
)
MAIL_SET, MAIL_MISSING = (
    "发信服务器（HUIQI_SMTP）：已设置。",
    "没有设置发信服务器（HUIQI_SMTP）：电子邮件会一直等待。"
    "请把发信地址放进环境变量后重启网站和 huiqi worker，写法见说明文档。",
)
