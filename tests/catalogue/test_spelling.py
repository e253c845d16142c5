"""Names as they are typed."""

import subprocess
import sys

from services.catalogue.spelling import spell


def test_readings_are_chosen_by_phrase() -> None:
    assert spell(["银行重新开户（Ａ级，8）", "行政许可", "旅游"]) == [
        ("yhcxkhaj8", "yinhangchongxinkaihuaji8"),
        ("xzxk", "xingzhengxuke"),
        ("ly", "lvyou"),
    ]
    assert spell([]) == []


def test_the_dictionary_stays_out_of_the_service() -> None:
    asked = "import sys, services.catalogue.editing, services.catalogue.handling; print('pypinyin' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
