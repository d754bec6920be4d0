"""Chinese texts of the documentation page."""

from __future__ import annotations

BRAND = "惠企政策匹配"
DOCS = "接口文档"
SKIP_TO_CONTENT, NAV, NAV_POLICIES = "跳到正文", "主导航", "政策检索"
LARGE_PRINT, HIGH_CONTRAST = "大字版", "高对比度"
VERSION_LEAD = "版本 {version}，地址以 {base} 开头。机器可读的文档："
OPENAPI_LINK = "openapi.json（OpenAPI {version}）"
STOP = "。"
CONTENTS, OTHERS = "目录", "其他"
KEY, PROBLEMS, SCHEMAS = "密钥", "出错时的回答", "数据结构"
PROBLEMS_TYPE, PROBLEMS_SHAPE, PROBLEMS_BRANCH = "内容类型：", "结构：", "程序请按 type 判断，把 problems 给人看。"
PROBLEM_KINDS = "错误种类"
STATUS, NAME, REMEDY, PLACE, KIND, MEANING, EXAMPLE, CONTENT = (
    "状态码", "名称", "怎么办", "位置", "类型", "含义", "例子", "内容",
)  # fmt: skip
PARAMETERS, BODY, ANSWERS = "参数", "请求体", "回答"
BODY_EXAMPLE, ANSWER_EXAMPLE = "请求的例子", "回答的例子"
OF = "{whole}的{part}"
PLACES = {"query": "查询", "path": "路径"}
REQUIRED, ALWAYS = "（必填）", "（必有）"
COLON, COMMA = "：", "、"
ALLOWED = "可用："
FIELDS = "各项"
DISCLAIMER = "结果由系统按政策规定自动比对，仅供参考，以主管部门解释和最终审核为准。"
TYPES = {
    "string": "文字", "number": "数字", "integer": "整数", "boolean": "true 或 false", "null": "null", "object": "对象",
}  # fmt: skip
FORMATS = {"date": "日期", "date-time": "时间", "binary": "文件"}
ANY_TYPE, LIST_OF, MAP_OF = "任意", "的列表", "对象，值为："
