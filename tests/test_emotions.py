from affect.emotions import AFFECTNET_NUMBERS, COLORS, EMOTIONS, NAMES, UNCERTAIN, color_rgb, label_name


def test_the_classes_are_in_the_order_of_the_class_folders() -> None:
    assert EMOTIONS == ("anger", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise")
    assert tuple(sorted(EMOTIONS)) == EMOTIONS


def test_every_class_has_a_number_a_name_in_each_language_and_a_colour_of_its_own() -> None:
    assert sorted(AFFECTNET_NUMBERS.values()) == list(EMOTIONS)
    for names in NAMES.values():
        assert set(names) == set(EMOTIONS)
        assert len(set(names.values())) == len(EMOTIONS)
    assert set(COLORS) == set(EMOTIONS)
    assert len(set(COLORS.values())) == len(EMOTIONS)


def test_a_colour_is_red_green_blue() -> None:
    assert color_rgb("sad") == (0x00, 0x72, 0xB2)


def test_uncertain_is_no_class_and_has_a_name_in_each_language_and_a_grey_of_its_own() -> None:
    assert UNCERTAIN not in EMOTIONS
    assert [label_name(UNCERTAIN, language) for language in ("en", "es")] == ["uncertain", "incierto"]
    assert label_name("happy", "es") == "alegría"
    red, green, blue = color_rgb(UNCERTAIN)
    assert red == green == blue
    assert color_rgb(UNCERTAIN) not in [color_rgb(emotion) for emotion in EMOTIONS]
