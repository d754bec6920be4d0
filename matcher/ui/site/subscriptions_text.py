"""All Chinese text of the pages of subscriptions, of messages, and of the links in messages."""

from __future__ import annotations

from matcher.push.subscriptions import Standing
from matcher.store.companies import Channel

# ---- subscriptions --------------------------------------------------------------------------------------------------

SUBSCRIPTIONS = "政策订阅"
LEAD = "有新政策、政策变化、开始申报或快要截止，并且适合您的企业时，按您选的方式提醒您。随时可以修改或退订。"
CHANNELS = {
    Channel.INBOX: "站内信",
    Channel.EMAIL: "电子邮件",
    Channel.WECOM: "企业微信群机器人",
    Channel.DINGTALK: "钉钉群机器人",
    Channel.FEISHU: "飞书群机器人",
    Channel.WEBHOOK: "接口推送（供其他系统接收）",
}
NO_KEY = "服务器还没有设置联系方式密钥（HUIQI_CONTACT_KEY），目前只能用站内信。需要其他渠道请联系管理员。"
NO_MAIL = "服务器还没有设置邮件服务器（HUIQI_SMTP），电子邮件设置后才能发出；确认邮件也会等到那时。"
NO_CALENDAR = "{year} 年的放假安排还没有公布，那一年的工作日暂按周一至周五计算。"
NO_COMPANIES = "还没有保存企业。先填写并保存企业，就可以为它订阅。"
START = "去填写企业信息"
NOTHING = "这家企业还没有订阅。"
ADD = "添加订阅"
ADD_CHANNEL = "订阅{channel}"
PREVIEW = "看看消息的样子"
TO, WISHES, STATE, SINCE = "发到", "内容和时间", "状态", "订阅时间"
OWN_PAGES = "本网站的站内信"
HIDDEN_ADDRESS = "（地址现在不能显示，请联系管理员检查密钥）"
CHANGE, CHANGE_TITLE = "修改", "修改订阅"
END, END_ASK, END_YES = "退订", "退订后不再发送，还没有发出的也会取消。", "确认退订"
AGAIN = "重新发送确认"
WAIT = "已发去确认链接，请在 {until} 前打开链接确认；没有收到可以重新发送。"
EXPIRED = "确认链接已过期（7 天内有效），请重新发送确认。"
ENDED = "已退订的 {n} 个"
INBOX_LINK, INBOX_UNREAD = "打开站内信", "打开站内信（{n} 条未读）"
DONE = {
    "inbox": "已订阅站内信。",
    "waiting": "已提交。请到收到消息的地方打开确认链接，按“确认订阅”后才会开始发送。",
    "again": "已重新发送确认链接。",
    "change": "已保存修改。",
    "end": "已退订。",
}
BACK = "返回政策订阅"

NEW_TITLE = "订阅{channel}"
FOR_COMPANY = "企业：{name}"
ADDRESS_LABELS = {
    Channel.EMAIL: ("邮箱地址", "例如 name@example.cn。我们先发一封确认邮件，打开里面的链接确认后才会开始发送。"),
    Channel.WECOM: ("机器人地址", "在群的“群机器人”中复制 Webhook 地址，以 https://qyapi.weixin.qq.com/ 开头。"),
    Channel.DINGTALK: ("机器人地址", "在钉钉群的“机器人管理”中复制 Webhook 地址，以 https://oapi.dingtalk.com/ 开头。"),
    Channel.FEISHU: ("机器人地址", "在飞书群的“群机器人”中复制 Webhook 地址，以 https://open.feishu.cn/ 开头。"),
    Channel.WEBHOOK: ("接收网址", "以 https:// 开头；消息以 JSON 发送，并用下面的密钥签名。"),
}
SECRET_LABELS = {
    Channel.DINGTALK: ("加签密钥（没有可不填）", "机器人的安全设置选“加签”时，把以 SEC 开头的密钥填在这里。"),
    Channel.FEISHU: ("签名密钥（没有可不填）", "机器人的安全设置选“签名校验”时填写。"),
    Channel.WEBHOOK: ("签名密钥", "由接收方确定，用来核对消息确实来自这里。"),
}
NAME_LABEL, NAME_HINT = "收件人（可不填）", "例如“财务部王女士”，只用来帮您分清是谁的。"
THEMES, THEMES_HINT = "想看哪些主题", "一个都不选，就是全部主题。"
FREQUENCY, QUIET, QUIET_HINT = "多久发一次", "免打扰时段", "两个时间选成一样，就是不设免打扰。"
QUIET_FROM, QUIET_TO, HOUR = "从", "到", "{n} 点"
WORKDAYS, CAP, CAP_UNIT = "只在工作日发送（按国家放假和调休安排）", "每周最多发几条", "{n} 条"
CAP_HINT = "同一家企业各渠道合起来算，同一条发到几个渠道只算一条；超过的顺延，到期前发不出的取消。"
INBOX_HINT = "站内信不打扰您：消息到了就放在网站里，您登录后再看。"
SAVE, SUBSCRIBE, ASK_CONFIRM = "保存修改", "订阅", "提交并发送确认链接"
NOT_DONE = "没有提交成功"
ADDRESS_FIELD = "地址"
FIELDS = {"地址": "address", "密钥": "secret", "主题": "themes", "免打扰时段": "quiet_from", "每周上限": "weekly_cap"}
FILL_IN = "请填写"
NOT_FOUND = ("没有找到", "这家企业或这个订阅不存在，或者已经删除。")

# ---- preview --------------------------------------------------------------------------------------------------------

PREVIEW_TITLE = "消息的样子"
PREVIEW_LEAD = "以“{name}”现在最匹配的一项为例，看看各渠道收到的消息。这只是预览，不会发送。"
PREVIEW_NONE = "按现有信息，还没有符合或只差一项信息的政策，补充企业信息后再看。"
PREVIEW_NOT_READY = "政策库正在准备，请过一会儿刷新本页。"
PREVIEW_SUBJECT, PREVIEW_AS_TEXT = "标题", "纯文本版（不显示格式的邮箱看到这样）"
PREVIEW_JSON = "接收方得到的 JSON（另带消息编号和签名）"
PREVIEW_CHANNELS = "渠道"
EXAMPLE_LINK = "/subscription/…/end"

# ---- inbox ----------------------------------------------------------------------------------------------------------

INBOX = "站内信"
INBOX_LEAD = "适合您企业的政策提醒都在这里，也包括已经发到其他渠道的。"
INBOX_NONE = "还没有消息。订阅后，有适合您企业的政策就会出现在这里。"
INBOX_COUNT, UNREAD_COUNT = "共 {n} 条", "{n} 条未读"
READ_ALL, READ_DONE = "全部标为已读", "已全部标为已读。"
UNREAD, READ = "未读", "已读"
CAME_BY = "已发到{channel}"
FOR = "企业"
OLDER, NEWER, PAGE_OF, PAGES = "更早的消息", "更新的消息", "第 {page} 页，共 {pages} 页", "翻页"
TO_INBOX, TO_SUBSCRIPTIONS = "返回站内信", "管理订阅"
MESSAGE_NOT_FOUND = ("没有找到", "这条消息不存在，或者已随企业信息一起删除。")
MONEY, DEADLINE, POLICY, WHY, MISSING = "预计金额", "申报时间", "政策文件", "为什么推荐给您", "还差一项"
ANSWER, DETAILS = "去补充这一项", "查看政策详情"

# ---- one question ---------------------------------------------------------------------------------------------------

ANSWER_TITLE = "补充一项信息"
ANSWER_LEAD = "“{name}”还差这一项信息，就能确定是否符合。"
ANSWER_FOR = "为了确定是否符合：{measure}"
ANSWER_SAVE = "保存并看匹配结果"
ANSWER_MANY = "可以选几项"
ANSWER_NOW = "现在填写的是：{value}"
ANSWER_WRITE, ANSWER_PICK = "请先填写", "请先选择"
ANSWER_WRONG = "没有保存"
FORM_LINK = "打开整张表填写"

# ---- links in messages ----------------------------------------------------------------------------------------------

CONFIRM_TITLE, END_TITLE = "确认订阅", "退订政策提醒"
CONFIRM_HEADINGS = {
    Standing.WAITING: "请确认订阅",
    Standing.CONFIRMED: "已确认订阅",
    Standing.ENDED: "这个订阅已经结束",
    Standing.EXPIRED: "确认链接已过期",
    Standing.GONE: "企业信息已清除",
    Standing.UNKNOWN: "链接不对",
}
CONFIRM_TEXTS = {
    Standing.WAITING: "有人为这家企业订阅了惠企的政策提醒，要发给您。需要的话，请按下面的按钮；不需要就关掉本页。",
    Standing.CONFIRMED: "有适合这家企业的政策时，就会发给您。每条消息里都有退订链接。",
    Standing.ENDED: "它已经退订或被拒绝，不会再发消息。如果还想接收，请在网站上重新订阅。",
    Standing.EXPIRED: "确认链接 7 天内有效。如果还想接收，请在网站的“政策订阅”中重新发送确认。",
    Standing.GONE: "这家企业的信息已经从惠企清除，订阅也一起删除了，不会再给您发消息。",
    Standing.UNKNOWN: "这个链接不完整或不是惠企发出的。请从消息里完整复制链接再打开。",
}
END_HEADINGS = {
    Standing.WAITING: "拒绝这个订阅",
    Standing.CONFIRMED: "退订政策提醒",
    Standing.ENDED: "已经退订",
    Standing.EXPIRED: "拒绝这个订阅",
    Standing.GONE: "企业信息已清除",
    Standing.UNKNOWN: "链接不对",
}
END_TEXTS = {
    Standing.WAITING: "按下面的按钮后，不会给您发政策提醒，也不会再向这个地址发确认请求。",
    Standing.CONFIRMED: "按下面的按钮后，不再给您发这家企业的政策提醒，还没有发出的也会取消。",
    Standing.ENDED: "不会再给您发这家企业的政策提醒。重复退订没有关系。",
    Standing.EXPIRED: "按下面的按钮后，不会给您发政策提醒，也不会再向这个地址发确认请求。",
    Standing.GONE: CONFIRM_TEXTS[Standing.GONE],
    Standing.UNKNOWN: CONFIRM_TEXTS[Standing.UNKNOWN],
}
BUTTONS = {"confirm": CONFIRM_TITLE, "end": "确认退订"}
REFUSE = "不再接收确认请求"
LINK_COMPANY, LINK_WISHES = "企业", "内容和时间"
SITE = "到惠企网站看政策"
