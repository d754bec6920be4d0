"""Plan texts as companies write them: one per number, all different, or one of fifty that many companies share."""

from __future__ import annotations

from functools import cache
from itertools import product
from math import prod

FAMILIES = {
    "机械": ("C33", "C34", "C35", "C36", "C37", "C43"),
    "电子": ("C38", "C39", "C40", "I"),
    "化工": ("C25", "C26", "C28", "C29", "C42"),
    "医药": ("C27", "Q", "M"),
    "食品": ("A", "C13", "C14", "C15", "C16", "H"),
    "纺织": ("C17", "C18", "C19", "F51"),
    "造纸": ("C20", "C21", "C22", "C23", "C24", "C41"),
    "材料": ("B", "C30", "C31", "C32"),
    "能源": ("D", "N"),
    "建筑": ("E", "K"),
    "物流": ("F", "G"),
    "服务": ("J", "L", "O", "P", "R", "S", "T"),
}
"""Family to the industry codes it stands for; the longest code that fits counts."""

EQUIPMENT = {
    "机械": "五轴加工中心 数控磨床 焊接机器人 龙门铣床 激光切割机 数控折弯机 热处理炉 喷涂生产线 三坐标测量机 压铸机",
    "电子": "贴片机 回流焊炉 晶圆测试机 自动光学检测设备 点胶机 老化试验箱 高性能服务器 光刻设备 绕线机 激光打标机",
    "化工": "反应釜 精馏塔 废气焚烧装置 双螺杆挤出机 密炼机 注塑机 冷冻机组 防爆离心机 吹膜机 分散控制装置",
    "医药": "冻干机 无菌灌装线 高效液相色谱仪 发酵罐 压片机 核磁共振仪 洁净空调机组 层析系统 质谱仪 检验流水线",
    "食品": "杀菌釜 速冻隧道 真空包装机 无菌砖灌装机 智能分选机 烘烤线 挤压膨化机 冷库制冷机组 屠宰分割线 酿造罐",
    "纺织": "喷气织机 细纱机 自动络筒机 数码印花机 染色机 电脑横机 裁床 吊挂流水线 定型机 并条机",
    "造纸": "纸机 透平风机 复卷机 胶印机 模切机 白水回收装置 热泵干燥系统 封边机 木工加工中心 碱回收炉",
    "材料": "水泥回转窑 玻璃熔窑 连铸机 加热炉 除尘器 轧机 余热锅炉 破碎筛分线 浮选机 智能采掘设备",
    "能源": "储能电池组 光伏逆变器 燃气轮机 污水处理装置 热电联产机组 风机主轴 变压器 固废分选线 沼气提纯装置 智能电表",
    "建筑": "盾构机 塔式起重机 混凝土搅拌站 装配式构件生产线 电梯 摊铺机 桩工机械 钢结构焊接线 升降平台 砂浆站",
    "物流": "立体仓库 自动分拣线 无人搬运车 新能源重卡 冷藏车 叉车 岸边集装箱起重机 码垛机械臂 输送线 称重系统",
    "服务": "云桌面 自助终端 视频会议系统 印刷一体机 数据存储阵列 洗涤设备 检测平台 安防系统 呼叫系统 影像设备",
}
VERBS = ("购置", "采购", "新上", "引进", "更新", "计划新增", "拟购买", "淘汰旧机并换成")
AIMS = (
    "提高加工精度", "提升生产效率", "降低单位能耗", "减少用工", "扩大产能", "提高产品合格率", "实现少人化生产",
    "满足出口订单要求", "缩短交货周期", "减少污染物排放", "替代进口产品", "打造数字化车间", "实现余热回收利用",
    "稳定产品质量", "提高设备联网率", "延伸产业链条", "改善作业环境", "消除安全隐患", "实现全流程追溯",
    "建设智能工厂", "降低水耗", "提升检测能力", "开发新产品", "实现柔性生产",
)  # fmt: skip
SYSTEMS = (
    "MES系统", "ERP系统", "WMS系统", "SCADA系统", "工业互联网平台", "能源管理系统", "质量追溯系统", "设备健康管理系统",
    "5G专网", "智能物流系统", "自动化控制系统", "环保在线监测", "安全仪表系统", "数据中台", "机器视觉检测", "光伏屋顶",
)  # fmt: skip
MAX_COUNT, MAX_LINES = 40, 8
STOCK_WHAT = (
    "购置自动化生产设备", "更新老旧设备", "进行数字化改造", "实施节能改造", "建设环保治理设施", "扩建厂房并新上生产线",
    "开展新产品研发", "申请流动资金贷款", "建设仓储物流设施", "上线管理软件",
)  # fmt: skip
STOCK_WHY = ("，提高生产效率", "，降低生产成本", "，扩大生产规模", "，提升产品质量", "")
_WIDTHS = (len(VERBS), MAX_COUNT, 10, len(AIMS), len(SYSTEMS), MAX_LINES)
DISTINCT = prod(_WIDTHS)
"""How many different texts `plan_text` can make in each family."""
_STRIDE = 6_075_389  # prime to DISTINCT, so that neighbours differ in every part
_FAMILY_CODES = {code: family for family, codes in FAMILIES.items() for code in codes}


@cache
def family_of(industry: str) -> str:
    """Family of an industry code; sections without their own are 服务."""
    for length in range(len(industry), 0, -1):
        if industry[:length] in _FAMILY_CODES:
            return _FAMILY_CODES[industry[:length]]
    return "机械" if industry[:1] == "C" else "服务"


def equipment_of(family: str) -> list[str]:
    """The ten kinds of equipment of a family; no two families share one."""
    return EQUIPMENT[family].split()


def plan_text(number: int, industry: str, invest_wan: int | None) -> str:
    """The plan of company `number`: different for different numbers below DISTINCT.

    Args:
        number: 0 or more.
        industry: GB/T 4754 code, for the kind of equipment; "" if unknown.
        invest_wan: What the equipment costs, 万元; None leaves it out.
    """
    rest, digits = number * _STRIDE % DISTINCT, []
    for width in _WIDTHS:
        rest, digit = divmod(rest, width)
        digits.append(digit)
    verb, count, tool, aim, system, lines = digits
    what = f"{VERBS[verb]}{equipment_of(family_of(industry))[tool]}{count + 1}台（套）"
    text = f"{what}，改造{lines + 1}条生产线，{AIMS[aim]}，配套{SYSTEMS[system]}"
    return text if invest_wan is None else f"{text}，设备投资约{invest_wan}万元"


@cache
def stock_texts() -> tuple[str, ...]:
    """Fifty texts that companies share."""
    return tuple(what + why for what, why in product(STOCK_WHAT, STOCK_WHY))
