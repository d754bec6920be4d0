"""All Chinese text of the login, account and error pages."""

from __future__ import annotations

from matcher.store.tables import Role

LOG_IN = "登录"
LEAD = "账号由管理员开通。忘记密码时，请联系管理员重置。"
NAME, PASSWORD = "用户名", "密码"
NOT_ENTERED = "未能登录"
WRONG = "用户名或密码不正确，请检查大小写和输入法后重试。"
LOCKED = "尝试次数过多，请约 {minutes} 分钟后再试。"
EMPTY = "请填写用户名和密码。"

ACCOUNT = "我的账号"
ROLE = "角色"
ROLES = {Role.ENTERPRISE: "企业用户", Role.STAFF: "服务专员", Role.EVALUATOR: "评测人员", Role.ADMIN: "管理员"}
CHANGE_PASSWORD = "修改密码"
OLD_PASSWORD, NEW_PASSWORD, NEW_AGAIN = "原密码", "新密码", "再输一次新密码"
PASSWORD_RULE = "至少 10 个字符，不要用常见密码或与用户名相近的密码。修改后，其他设备上的登录全部失效。"
SAVE_PASSWORD = "保存新密码"
NOT_CHANGED = "密码没有修改"
WRONG_OLD = "原密码不正确。"
DIFFERENT = "两次输入的新密码不一致。"
LOGINS = "登录记录"
LOGINS_LEAD = "下面是您目前有效的登录。不认识的，请立即结束并修改密码。"
LOGIN_BEGAN, LOGIN_SEEN, LOGIN_ACTION = "登录时间", "最近使用", "操作"
THIS_LOGIN = "本次登录"
END_LOGIN = "结束"
END_THAT_LOGIN = "结束 {began} 的登录"
END_OTHERS = "结束其他全部登录"
DONE = {
    "password": "密码已修改，其他设备上的登录已失效。",
    "end": "已结束这次登录。",
    "others": "其他登录已全部结束。",
}
MOMENT = "%Y-%m-%d %H:%M"

REQUEST_ID = "请求编号：{request_id}"
TO_HOME, TO_LOGIN = "回到首页", "去登录"
WAIT = "请约 {seconds} 秒后再试。"
