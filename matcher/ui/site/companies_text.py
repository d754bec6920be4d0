"""All Chinese text of the pages of the department's companies."""

from __future__ import annotations

COMPANIES = "企业档案"
LEAD = "部门保存的企业信息，用于推送政策、免申即享比对和宣贯名单。每项信息都记有来源。"
IMPORT = "导入企业表格"
SEARCH, TEXT, TEXT_HINT = "查找企业", "名称或信用代码", "名称中的文字，或信用代码的开头"
REGION, REGION_HINT = "地区", "如 山东省济南市；不填为全部"
FIND, CLEAR = "查找", "看全部企业"
FOUND = "共 {n} 家企业"
FOUND_FILTERED = "找到 {n} 家企业"
NO_CODE, NO_REGION = "无信用代码", "地区不明"
CODE, ID, CHANGED = "统一社会信用代码", "编号", "最近改动"
VERIFIED_OF = "{n} 项信息，已核实 {verified} 项"
NONE_KEPT = "还没有企业档案。请导入企业表格：表头写明“企业名称”“统一社会信用代码”“注册地”等即可。"
NONE_FOUND = "没有符合条件的企业，请换一个名称、代码或地区。"
PAGES, PREVIOUS, NEXT, PAGE_NOW = "翻页", "上一页", "下一页", "第 {page} 页，共 {pages} 页"
DONE = {
    "verified": "已记为核实。",
    "contact": "已保存联系方式。",
    "removed": "已删除联系方式。",
    "erased": "已清除这家企业的全部内容。",
}
NOT_DONE = "没有完成，请改正后重试"

# ---- one company ----------------------------------------------------------------------------------------------------

BACK = "返回企业档案"
VERSION_NOW = "第 {version} 版"
CONTENTS = "本页内容"
FACTS, CONTACTS, HISTORY, DATA = "信息和来源", "联系方式", "历次改动", "导出和清除"
UNIT_FACT, UNIT_CONTACT, UNIT_VERSION = "项", "个", "次"
OVERRULED = "与核实结果不一致"
OVERRULED_LINE = "{label}：{by}于 {on} 核实为“{verified}”，现为“{value}”。"
VERIFY_LEAD = "勾选已经核对过的信息，写明由谁、在哪天核实。免申即享只采用已核实的信息。"
VERIFY_FIELDS = "选择要核实的信息"
VERIFY = "记为已核实"
BY, BY_HINT = "核实单位", "如 济南市税务局"
ON = "核实日期"
CHOSEN_NONE = ("要核实的信息", "没有勾选", "请至少勾选一项")
BAD_DAY = "“{text}”不是日期，请写成 2026-11-23"

NO_KEY = "服务器没有设置联系方式的密钥（HUIQI_CONTACT_KEY），不能保存和查看联系方式。请联系管理员。"
NO_CONTACTS = "还没有联系方式。"
CONTACTS_LEAD = "姓名和地址加密保存，页面上只显示一部分。收到推送前，对方须先确认订阅。"
ADD_CONTACT, CHANNEL, NAME, ADDRESS, SECRET = "添加联系方式", "渠道", "联系人", "地址", "签名密钥"
NAME_HINT, ADDRESS_HINT = "可不填", "邮箱地址，或机器人、网络回调的网址"
SECRET_HINT = "机器人设置了加签，或网络回调需要签名时填写"
SAVE = "保存"
CHANNELS = {"email": "电子邮件", "wecom": "企业微信机器人", "dingtalk": "钉钉机器人", "feishu": "飞书机器人",
            "webhook": "网络回调"}  # fmt: skip
UNNAMED = "未写姓名"
WITH_SECRET = "已设签名密钥"
REMOVE = "删除"
REMOVE_ASK = "删除后，发到这里的订阅和消息一并删除，不能恢复。"
REMOVE_YES = "确认删除"

CHANGE = "{label}：{before} → {after}"
ADDED, DROPPED = "{label}：{after}", "{label}：不再填写，原为 {before}"
CHANGED_VERIFIED = "改动了已核实的内容"
SOURCE_CHANGED = "{label}：来源改为{source}"
BY_USER = "{moment}，{name}"
MORE_VERSIONS = "展开更早的 {n} 次改动"

DATA_LEAD = "导出的文件含这家企业的全部内容：信息和来源、历次改动、联系方式、订阅、消息、免申即享名单。"
EXPORT, EXPORT_NAME = "导出这家企业的全部内容（JSON）", "惠企-企业档案"
ERASE = "清除这家企业"
ERASE_TITLE = "清除“{name}”"
ERASE_LEAD = (
    "将清除这家企业的信息和历次改动 {company_versions} 次、联系方式 {contacts} 个、订阅 {subscriptions} 个、"
    "消息 {messages} 条、免申即享记录 {grants} 条。清除后不能恢复。"
)
ERASE_HINT = (
    "批量匹配时上传过的名单和它们的匹配结果不在其内，可在“我的任务”里删除，否则任务结束 {days} 天后自动删除；"
    "已下载的表格、导出文件和备份请另行处理。"
)
ERASE_YES, ERASE_NO = "确认清除，不再恢复", "不清除，返回"
NO_COMPANY = ("没有这家企业", "它可能已被清除。请从企业档案重新查找。")

# ---- import ---------------------------------------------------------------------------------------------------------

IMPORT_LEAD = "先上传表格查看结果，确认后才写入。同一信用代码（没有代码时同一名称）的企业只更新表中给出的信息。"
FILE, FILE_HINT = "企业表格", "xlsx、csv、parquet 或 jsonl；页面上一次最多 {rows} 行，更多请用命令 huiqi records import"
KIND = "信息来源"
KINDS = {"imported": "名单导入（未核实）", "verified": "已核实"}
SOURCE, SOURCE_HINT = "名单名称或核实单位", "如 2026 年规上工业企业名单；选“已核实”时必须写核实单位"
SINCE, SINCE_HINT = "数据或核实的日期", "不填为今天"
PREVIEW = "上传并查看结果"
NO_FILE = ("企业表格", "没有选择文件", "请选择一个表格")
NO_BY = ("核实单位", "选择了“已核实”，但没有写由谁核实", "请填写核实单位")
PREVIEW_TITLE = "导入预览：{name}"
PREVIEW_LEAD = "还没有写入。请核对下面的结果，再确认导入。"
VOUCHED = "来源：{source}"
COUNTS = {"rows": "读入行数", "new": "新增企业", "changed": "更新企业", "unchanged": "无变化", "rejected": "未能读取",
          "skipped": "跳过（空行、合计行等）"}  # fmt: skip
NOTES = "读取说明"
PROBLEMS, PROBLEMS_FIRST = "未能读取的行", "列出前 {shown} 处问题，全部见问题清单。"
PROBLEMS_FILE, PROBLEMS_NAME = "下载问题清单", "导入问题清单"
PROBLEM_HEADINGS = ("行号", "列", "原值", "原因", "处理办法")
CONFIRM = "确认导入 {n} 家企业"
NOTHING = "没有可以导入的企业，请按问题清单改正后重新上传。"
NOTHING_NEW = "表中的信息都已经有了，不需要导入。"
OTHER_FILE = "换一个文件"
GONE_FILE = ("上传的文件已经不在", "它可能已经导入过，或者上传了新的文件。请重新上传。")
RESULT_TITLE = "导入结果：{name}"
RESULT_LEAD = "已写入。"
TO_COMPANIES = "查看企业档案"
