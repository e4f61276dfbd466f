"""Where a name of a place or a company begins and ends among the words around it."""

NO_NAME_HAS = "我你您他她它们的了着在去把被说谁哪那这没给让"
"""Pronouns, particles and verbs that stand before names (去过柳林镇, 住在柳林镇) and inside of none."""
ONLY_BEGINS = "过到从"
"""After another character these end a verb (来过, 跑到); at the beginning they may be a name's own (到保镇, 从化区)."""
_ENDS = "[省市县区镇乡村街路]"
IN_A_NAME = rf"(?![{NO_NAME_HAS}{ONLY_BEGINS}])[\u4e00-\u9fff]"
"""Regular expression of one character of a name, but the first."""
BEGINS_A_NAME = (
    rf"(?![{NO_NAME_HAS}])(?![{ONLY_BEGINS}](?![\u4e00-\u9fff]{_ENDS})(?:{IN_A_NAME}){{2,6}}?{_ENDS})[\u4e00-\u9fff]"
)
"""Regular expression of the first: 过 and its like only where no whole name stands after them (过柳林镇)."""
