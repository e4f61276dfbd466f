"""The one dictionary between identifiers and the Chinese words that users see."""

from server.domain.flow import STEPS, LetterKind
from server.domain.joins import SAID as JOIN_SAID
from server.domain.ledger import DEEDS, EVENT
from server.domain.ratings import EnteredBy, RatedBody, Score
from server.domain.states import (
    AssignmentKind,
    AssignmentPart,
    AssignmentState,
    CaseState,
    Channel,
    Consent,
    FillOutcome,
    FindingKind,
    FormField,
    LineKind,
    NoticeKind,
    OrganizationLevel,
    Purpose,
    ReceptionState,
    RecordState,
    StaffRole,
    StampKind,
)
from server.protocol.base import Role

ROLE = {
    Role.PETITIONER: "信访人",
    Role.LEADER: "接访领导",
    Role.CLERK: "接谈员",
    Role.JOINT: "联合接访人员",
    Role.INTERPRETER: "翻译",
    Role.OBSERVER: "旁听",
    Role.ROOM: "现场话筒",
}

STAFF_ROLE = {StaffRole.LEADER: "接访领导", StaffRole.CLERK: "接谈员", StaffRole.HANDLER: "承办单位经办人", StaffRole.SUPERVISOR: "督查督办", StaffRole.ADMINISTRATOR: "系统管理员", StaffRole.SECURITY: "安全管理员", StaffRole.AUDITOR: "审计管理员"}

RECEPTION_STATE = {
    ReceptionState.WAITING: "等候",
    ReceptionState.RUNNING: "接谈中",
    ReceptionState.CLOSING: "正在整理",
    ReceptionState.CLOSED: "谈完了",
    ReceptionState.ABANDONED: "没有谈",
}

RECORD_STATE = {
    RecordState.DRAFT: "草稿",
    RecordState.CORRECTING: "校对中",
    RecordState.CONFIRMED: "待签字",
    RecordState.SIGNED: "已签字",
    RecordState.REFUSED: "拒签",
    RecordState.FILED: "已归档",
}

FINDING_KIND = {
    FindingKind.WRONG_WORD: "字不对",
    FindingKind.MISSING: "漏记",
    FindingKind.INVENTED: "没说过的话",
    FindingKind.WRONG_SPEAKER: "说话的人不对",
    FindingKind.FORM: "登记表不对",
    FindingKind.OTHER: "别的",
}

LINE_KIND = {LineKind.QUESTION: "问", LineKind.ANSWER: "答", LineKind.NOTE: "注"}

CONSENT = {Consent.AUDIO_VIDEO: "同意录音录像", Consent.AUDIO_ONLY: "同意录音，不录像"}

PURPOSE = {
    Purpose.APPEAL: "申诉",
    Purpose.REQUEST: "求决",
    Purpose.ACCUSATION: "揭发控告",
    Purpose.SUGGESTION: "意见建议",
    Purpose.ENQUIRY: "咨询",
    Purpose.OTHER: "其他",
}

FIELD = {
    FormField.NAME: "姓名",
    FormField.ID_TYPE: "证件类型",
    FormField.ID_NUMBER: "证件号码",
    FormField.SEX: "性别",
    FormField.ETHNIC_GROUP: "民族",
    FormField.PHONE: "联系电话",
    FormField.ADDRESS: "住址",
    FormField.PEOPLE: "人数",
    FormField.REPRESENTATIVES: "代表",
    FormField.VISIT_TIME: "时间",
    FormField.PLACE: "地点",
    FormField.FORM_OF_VISIT: "形式",
    FormField.RECEIVED_BY: "接谈人",
    FormField.FIRST_OR_REPEAT: "初次或重复",
    FormField.GROUP_VISIT: "集体访",
    FormField.PURPOSE: "信访目的",
    FormField.CATEGORY: "内容类别",
    FormField.PROBLEM_PLACE: "问题发生地",
    FormField.ACCUSED_UNIT: "被反映单位",
    FormField.LITIGATION: "涉法涉诉",
    FormField.SUMMARY: "概况",
    FormField.REQUESTS: "诉求",
    FormField.AMOUNT: "涉及金额",
    FormField.FACTS: "事实和理由",
    FormField.TRIED_BEFORE: "此前办理",
    FormField.MATERIALS: "材料",
    FormField.HANDLING: "拟办意见",
    FormField.RESPONSIBLE_UNIT: "责任单位",
}

YES_NO = (("yes", "是"), ("no", "否"))

CHOICES: dict[FormField, tuple[tuple[str, str], ...]] = {
    FormField.SEX: (("male", "男"), ("female", "女")),
    FormField.ID_TYPE: (
        ("identity_card", "居民身份证"),
        ("passport", "护照"),
        ("residence_permit", "居住证"),
        ("other", "其他证件"),
    ),
    FormField.FORM_OF_VISIT: (("video", "视频接访"), ("on_site", "现场接访"), ("alone", "语音自助登记")),
    FormField.FIRST_OR_REPEAT: (("first", "初次"), ("repeat", "重复")),
    FormField.GROUP_VISIT: YES_NO,
    FormField.LITIGATION: YES_NO,
    FormField.PURPOSE: tuple((purpose.value, label) for purpose, label in PURPOSE.items()),
}
"""Fields that are a choice: (stored value, label)."""

LONG_FIELDS = {
    FormField.REPRESENTATIVES,
    FormField.SUMMARY,
    FormField.REQUESTS,
    FormField.FACTS,
    FormField.TRIED_BEFORE,
    FormField.MATERIALS,
    FormField.HANDLING,
}
REQUIRED_FIELDS = (FormField.NAME,)
"""Without these a record cannot be confirmed (art. 21: a matter is registered in somebody's name)."""

GAP_CAUSE = {
    "packet_loss": "网络丢包",
    "network_lost": "网络断开",
    "left": "人不在",
    "media_restarted": "录音服务重新启动",
    "disk_full": "录音的硬盘满了",
    "disk_error": "录音的硬盘出错",
    "muted_source": "话筒关着",
    "camera_changed": "换了摄像机",
    "truncated": "录音文件不完整",
    "recording_missing": "录音文件不见了",
    "recording_lost": "录音没有存下来",
    "camera_lost": "摄像头断开",
    "microphone_lost": "话筒断开",
    "cut_off": "断电或者程序中断，登记没有办完",
}

GAP_FILL = {
    FillOutcome.FILLED: "接谈机自己的备份里有 {span}，补上的话写着“来自接谈机备份”。",
    FillOutcome.LATE: "接谈机自己的备份里有 {span}，笔录签过字才传到，话没有写进笔录，可以听。",
    FillOutcome.SILENT: "接谈机自己的备份里有 {span}，没有认出新的话，可以听。",
    FillOutcome.UNMATCHED: "接谈机自己的备份和这里的录音对不上，没有用。",
}

STAY_END = {
    "left": "自己离开",
    "kicked": "被主持的人请出",
    "token_expired": "参加时间到了，离开",
    "network_lost": "线路断开，没有再回来",
    "replaced": "换了设备，没有再回来",
    "media_restarted": "录音服务重新启动，没有再回来",
    "shutdown": "录音服务重新启动，没有再回来",
}
"""How somebody's presence ended before the talk did, by SeatLeft's word."""

STAY_BREAK = {
    "left": "离开",
    "kicked": "被请出",
    "token_expired": "离开",
    "network_lost": "线路断开",
    "replaced": "换设备",
    "media_restarted": "服务重启断开",
    "shutdown": "服务重启断开",
}
"""Why somebody was away for a while and came back."""

CASE_STATE = {
    CaseState.REGISTERED: "已登记",
    CaseState.GUIDED: "已引导",
    CaseState.ASSIGNED: "已转办",
    CaseState.ACCEPTED: "正在办",
    CaseState.NOT_ACCEPTED: "不予受理",
    CaseState.NO_LONGER_ACCEPTED: "不再受理",
    CaseState.REPLIED: "已答复",
    CaseState.CONCLUDED: "已办结",
    CaseState.REVIEWING: "复查中",
    CaseState.REVIEWED: "已复查",
    CaseState.REEXAMINING: "复核中",
    CaseState.REEXAMINED: "已复核",
    CaseState.MERGED: "已并入",
}

CHANNEL = {
    Channel.VIDEO: "视频接访",
    Channel.ON_SITE: "现场接访",
    Channel.ALONE: "语音自助登记",
    Channel.LETTER: "来信",
    Channel.ONLINE: "网上信访",
    Channel.MAILBOX: "领导信箱",
    Channel.HOTLINE: "热线",
}

ASSIGNMENT_KIND = {AssignmentKind.ASSIGN: "交办", AssignmentKind.PASS_ON: "转送"}
ASSIGNMENT_PART = {AssignmentPart.MAIN: "主办", AssignmentPart.SUPPORT: "协办", AssignmentPart.TOWNSHIP: "属地"}
ASSIGNMENT_STATE = {
    AssignmentState.SENT: "待签收",
    AssignmentState.RECEIVED: "已签收",
    AssignmentState.OBJECTED: "提了异议",
    AssignmentState.FED_BACK: "已反馈",
    AssignmentState.SENT_BACK: "反馈被退回",
    AssignmentState.ANEW: "重新办",
    AssignmentState.WITHDRAWN: "已收回",
}

LETTER = {
    LetterKind.ACCEPTANCE: "受理告知书",
    LetterKind.NON_ACCEPTANCE: "不予受理告知书",
    LetterKind.NO_LONGER_ACCEPTANCE: "不再受理告知书",
    LetterKind.PASS_ON: "转送单",
    LetterKind.ASSIGNMENT: "交办单",
    LetterKind.EXTENSION: "延期告知书",
    LetterKind.HANDLING_OPINION: "处理意见书",
    LetterKind.REVIEW_REFUSAL: "复查申请不予受理告知书",
    LetterKind.REVIEW_OPINION: "复查意见书",
    LetterKind.REEXAMINATION_REFUSAL: "复核申请不予受理告知书",
    LetterKind.REEXAMINATION_OPINION: "复核意见书",
    LetterKind.HANDLE_ANEW: "重新办理通知书",
    LetterKind.SUPERVISION: "督办函",
    LetterKind.RISK_WARNING: "风险提醒函",
    LetterKind.ACCOUNTABILITY: "问责建议函",
}

RATED_BODY = {RatedBody.OFFICE: "信访部门", RatedBody.UNIT: "承办单位"}
SCORE = {Score.SATISFIED: "满意", Score.BASICALLY: "基本满意", Score.DISSATISFIED: "不满意"}

ORGANIZATION_LEVEL = {
    OrganizationLevel.CITY: "市级",
    OrganizationLevel.COUNTY: "县级",
    OrganizationLevel.TOWNSHIP: "乡镇街道",
    OrganizationLevel.DEPARTMENT: "职能部门",
}

STAMPED = {StampKind.RECORD: "笔录", StampKind.MANIFEST: "录音录像"}

NOTICE = {
    NoticeKind.BEFORE: "临期提示",
    NoticeKind.DUE: "到期催办",
    NoticeKind.LATE: "逾期督办",
    NoticeKind.URGED: "催办",
    NoticeKind.SUPERVISION: "督办来函",
    NoticeKind.ANSWERED: "督办回复",
    NoticeKind.ALARM: "紧急呼叫",
    NoticeKind.KIOSK: "终端有问题",
    NoticeKind.PROMISE: "领导答复",
    NoticeKind.LECTURE: "讲座通知",
    NoticeKind.HANDED_UP: "请上级办",
    NoticeKind.BOOKING: "预约等着安排",
}

ENTERED_BY = {EnteredBy.PETITIONER: "信访人自己评的", EnteredBy.STAFF: "工作人员代填的"}

CASE_EVENT: dict[str, str] = {
    **{step.value: rule.said for step, rule in STEPS.items()},
    **{f"{EVENT}{deed}": f"积案：{rule.said}" for deed, rule in DEEDS.items()},
    "registered": "登记，编号",
    "signed": "信访人签字",
    "refused": "信访人没有签字",
    "unable": "信访人不能签字",
    "supplement": "补正",
    "urged": "催办",
    "officer": "定经办人",
    "video_asked": "要做归档视频",
    "video_ready": "归档视频做好了，校验码",
    "video_cancelled": "归档视频不做了",
    "video_downloaded": "下载归档视频",
    "bundle_asked": "要导出整套材料",
    "bundle_ready": "整套材料导出来了，校验码",
    "bundle_cancelled": "整套材料不导出了",
    "bundle_downloaded": "下载整套材料",
    "own_downloaded": "给信访人留存一份",
    "rated_by_staff": "照信访人说的，代填评价",
    "asked_review": "在网上申请复查",
    "asked_reexamination": "在网上申请复核",
    "supervision": "发督办函",
    "promise_done": "领导答应的事办成了",
    "promise_withdrawn": "领导答应的事办不成，已说明",
    "promise_assigned": "领导答应的事，照领导的意思交办",
    "risk_warning": "发风险提醒函",
    "accountability": "发问责建议函",
    "supervision_answered": "回复督办",
    **JOIN_SAID,
    "late_speech": "归档以后又认出一些话，留在接谈室记录里",
}

ACCESS = {
    "open": "打开",
    "read": "在终端上看",
    "read_by_link": "凭链接看",
    "review": "评查",
    "open_numbers": "看了全部号码",
    "open_code": "看了查询码",
    "send_code": "发了查询码短信",
    "open_alone": "看了自助登记",
    "create": "添加",
    "approve": "授权",
    "disable": "停用",
    "revoke": "停用",
    "change_role": "改职责",
    "change_password": "改了自己的密码",
    "give_password": "给了新密码",
    "shell_password": "在服务器上换了密码",
    "two_step_on": "开了两步登录",
    "two_step_off": "关了两步登录",
    "set_level": "定级别",
    "set_duty": "定接访次数",
    "drop_duty": "不另定接访次数",
    "alarm": "按了紧急按钮",
    "order_page": "叫它重新打开页面",
    "order_program": "叫它重启程序",
    "order_computer": "叫它重启电脑",
    "order_room": "叫它重新认房间",
    "download": "下载",
    "set_template": "换文书模板",
    "drop_template": "不用自己的模板",
}
"""What somebody did, in the log of accesses; others stand there as they are."""
ACCESS_THING = {
    "case": "信访事项", "case_person": "信访人", "record": "笔录", "recording": "录音录像", "user": "账号", "kiosk": "终端",
    "organization": "机构", "letter": "文书", "booking": "预约", "papers": "材料", "form": "来访登记表",
    "template": "文书模板",
}  # fmt: skip

SOURCE = {"speech": "说话", "kiosk": "终端填写", "card": "身份证", "office": "接谈室", "clerk": "接谈员填写", "model": "模型建议，接谈员采用"}


def choice_label(field: FormField, value: str) -> str:
    """The word for a stored choice; anything else is its own word."""
    return dict(CHOICES.get(field, ())).get(value, value)
