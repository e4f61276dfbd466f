from server.domain.corrections import candidates, kind_of, longest


def test_the_word_lies_around_what_was_put_right():
    found, other = candidates("我家住在刘林真上河村。", "我家住在柳林镇上河村。")
    assert {"柳林镇", "林镇上河村"} <= other
    assert {"柳林镇", "柳林镇上河", "家住在柳林镇"} <= found
    assert not {word for word in found if "，" in word or "。" in word or len(word) > 6}
    assert "在柳林镇" not in found, "no name begins with 在"


def test_what_was_added_or_cut_or_no_chinese_teaches_nothing():
    assert candidates("我来反映问题", "我来反映一个问题") == []
    assert candidates("我来反映一个问题", "我来反映问题") == []
    assert candidates("一共三万", "一共36000") == []


def test_several_sentences_show_the_word():
    one, _ = candidates("我家住在刘林真上河村。", "我家住在柳林镇上河村。")
    (two,) = candidates("去流林镇问过。", "去柳林镇问过。")
    assert longest(one & two) == ["柳林镇"]
    assert [kind_of(word) for word in ("柳林镇", "县自然资源局", "青苗补偿")] == ["place", "unit", "term"]
