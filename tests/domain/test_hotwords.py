from server.domain.hotwords import PROMPT_TOKENS, fitted, places_in, words_in


def test_the_weightiest_words_fill_the_prompt_and_each_is_there_once():
    found = fitted([["何德顺、何守田"], ["何德顺", "柳林镇"], ["这是一个谁也不会当成名字来说的特别长特别长的句子"], ["某"]])
    assert (found.words, found.tokens, found.left_out) == (("何德顺", "何守田", "柳林镇"), 21, 0)


def test_what_finds_no_room_is_counted_and_a_shorter_word_still_fits():
    many = [f"第{number}建筑工程公司" for number in range(100, 120)]
    found = fitted([many, ["李四"]])
    assert found.words[0] == "第100建筑工程公司"
    assert found.words[-1] == "李四"
    assert found.tokens <= PROMPT_TOKENS
    assert found.left_out == 21 - len(found.words)


def test_lists_and_addresses_come_apart():
    assert words_in("王勇、李梅（代表） 赵") == ["王勇", "李梅", "代表"]
    assert places_in("临溪县石桥镇上河村三组") == ["临溪县", "石桥镇", "上河村"]
    assert places_in("临溪县信访局") == ["临溪县"]
    assert places_in("第二建筑公司") == []
