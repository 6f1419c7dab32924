"""Documents in the publishers' exact formats, made of whatever numbers a test wants."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl

from oracles.core.catalogue import TENORS

DATA: Final = Path(__file__).resolve().parent.parent / "data"
Row = Sequence[str]
"""Printed cells; `-` where there is no number."""

MONTHS: Final = "January February March April May June July August September October November December"
NOTE_EN: Final = (
    '"  ※If you cannot download the latest csv data, please clear the browser\'s cache and download again."'
)
NOTE_JP: Final = (
    "※最新のcsvデータがダウンロードできない場合、ご利用のブラウザにおいてキャッシュの削除を実施し"
    "再度ダウンロードください。"
)
COMMAS: Final = "," * len(TENORS)


# --- Bank of Japan ----------------------------------------------------------------------------------------------------


def workbook(
    day: date,
    average: object,
    high: object,
    low: object,
    *,
    status: str = "final",
    labels: tuple[str, str, str] = ("平均\r\nAverage", "最高\r\nMaximum", "最低\r\nMinimum"),
    dated: str | None = None,
    number_format: str = "0.000",
    sheet: str = "コール",
) -> bytes:
    """The daily workbook: one sheet, A1:L33, labels in B10 to B12 and numbers beside them."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    names = {
        "final": "無担保コールＯ／Ｎ物レート（確報）\r\nUncollateralized Overnight Call Rate (Final results)",
        "provisional": "無担保コールＯ／Ｎ物レート（速報）\r\nUncollateralized Call Rate (Provisional results)",
        "": "無担保コールＯ／Ｎ物レート\r\nUncollateralized Overnight Call Rate",
    }
    page["B2"] = names[status]
    page["B4"] = (
        dated if dated is not None else f"{day.year}年{day.month}月{day.day}日\r\n{day:%b}. {day.day}, {day.year}"
    )
    page["C9"] = "（年率、％）\r\n(percent per annum)"
    for row, (label, value) in enumerate(zip(labels, (average, high, low), strict=True), 10):
        page[f"B{row}"] = label
        page[f"C{row}"] = value
        page[f"C{row}"].number_format = number_format
    page["B15"] = "（注）加重平均値\r\nWeighted by volume"
    page["L33"] = "日本銀行金融市場局\r\nFinancial Markets Department"
    file = BytesIO()
    book.save(file)
    return file.getvalue()


_MAIN: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_KINDS: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_EXCEL_FRAME: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KINDS}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KINDS}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KINDS}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_KINDS}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="コール" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet {_MAIN}><numFmts><numFmt numFmtId="176" formatCode="0.000_ "/></numFmts>'
    "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills><borders><border/></borders>"
    '<cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf/><xf numFmtId="176" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def excel_workbook(day: date, average: str, high: str, low: str) -> bytes:
    """The same workbook as a Japanese Excel saves it: shared texts with readings, escaped returns, long doubles.

    Numbers are written as given, so that a test can say 0.47699999999999998.
    """
    texts = (
        "<r><t>無担保コール</t></r><r><t>Ｏ／Ｎ物レート（確報）</t></r>",
        f"<t>{day.year}年{day.month}月{day.day}日</t>",
        '<t>平均_x000D_\nAverage</t><rPh sb="0" eb="2"><t>ヘイキン</t></rPh>',
        '<t>最高_x000D_\nMaximum</t><rPh sb="0" eb="2"><t>サイコウ</t></rPh>',
        '<t>最低_x000D_\nMinimum</t><rPh sb="0" eb="2"><t>サイテイ</t></rPh>',
    )
    rows = "".join(
        f'<row r="{row}"><c r="B{row}" t="s"><v>{row - 8}</v></c><c r="C{row}" s="1"><v>{value}</v></c></row>'
        for row, value in enumerate((average, high, low), 10)
    )
    return archive(
        {
            **_EXCEL_FRAME,
            "xl/sharedStrings.xml": f"<sst {_MAIN}>{''.join(f'<si>{text}</si>' for text in texts)}</sst>",
            "xl/worksheets/sheet1.xml": f'<worksheet {_MAIN}><dimension ref="A1:L33"/><sheetData>'
            '<row r="2"><c r="B2" t="s"><v>0</v></c></row><row r="4"><c r="B4" t="s"><v>1</v></c></row>'
            f"{rows}</sheetData></worksheet>",
        }
    )


def archive(members: Mapping[str, str]) -> bytes:
    """A deflated archive of the members."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as writer:
        for name, text in members.items():
            writer.writestr(name, text)
    return file.getvalue()


API_NAMES: Final = {
    "STRDCLUCON": (
        "Call Rate, Uncollateralized Overnight, Average (Daily)",
        "無担保コールＯ／Ｎ物レート／平均値 日次／金利",
    ),
    "STRDCLUCONH": (
        "Call Rate, Uncollateralized Overnight, Highest (Daily)",
        "無担保コールＯ／Ｎ物レート／最高値 日次／金利",
    ),
    "STRDCLUCONL": (
        "Call Rate, Uncollateralized Overnight, Lowest (Daily)",
        "無担保コールＯ／Ｎ物レート／最低値 日次／金利",
    ),
    "MADR1Z@D": ("The Basic Discount Rate and Basic Loan Rate", "基準割引率および基準貸付利率"),
    "FXERD04": ("US.Dollar/Yen Spot Rate at 17:00 in JST, Tokyo Market", "東京市場　ドル・円　スポット　17時時点"),
    "FXERD34": ("Euro/US.Dollar as of 17:00 in JST, Tokyo Market", "東京市場　ユーロ・ドル　スポット　17時時点"),
}
_UNITS: Final = {"FXERD04": ("Yen per U.S. Dollar", "￥／＄"), "FXERD34": ("U.S. Dollar per Euro", "＄／ユーロ")}
_PERCENT: Final = ("percent per annum", "年％")


def calendar_days(numbers: Mapping[date, str]) -> list[tuple[date, str | None]]:
    """Every calendar day from the first number to the last, as the API lists them."""
    first, last = min(numbers), max(numbers)
    days = [first + timedelta(days=index) for index in range((last - first).days + 1)]
    return [(day, numbers.get(day)) for day in days]


def api_json(database: str, tables: Mapping[str, Mapping[date, str]], *, language: str = "EN") -> bytes:
    """An answer of getDataCode, laid out as the captured ones are: one token group per line."""
    suffix, index = ("", 0) if language == "EN" else ("_J", 1)
    items = []
    for code, numbers in tables.items():
        listed = calendar_days(numbers)
        dates = ",".join(f"{day:%Y%m%d}" for day, _ in listed)
        values = ",".join("null" if value is None else value for _, value in listed)
        fields = {
            "SERIES_CODE": json.dumps(code),
            f"NAME_OF_TIME_SERIES{suffix}": json.dumps(API_NAMES[code][index], ensure_ascii=False),
            f"UNIT{suffix}": json.dumps(_UNITS.get(code, _PERCENT)[index], ensure_ascii=False),
            "FREQUENCY": '"DAILY"',
            f"CATEGORY{suffix}": '"Sample"',
            "LAST_UPDATE": f"{listed[-1][0]:%Y%m%d}",
            "VALUES": f'{{\n"SURVEY_DATES":[{dates}],\n"VALUES":[{values}]\n}}',
        }
        items.append("{\n" + ",\n".join(f'"{key}":{value}' for key, value in fields.items()) + "\n}")
    head = (
        '{\n"STATUS":200,\n"MESSAGEID":"M181000I",\n"MESSAGE":"Successfully completed",\n'
        '"DATE":"2026-03-02T9:02:11.004+09:00",\n"PARAMETER":{\n"FORMAT":"JSON",\n'
        f'"LANG":"{language}",\n"DB":"{database}",\n"STARTDATE":"202512",\n"ENDDATE":"202602",\n"STARTPOSITION":""\n}},\n'
        '"NEXTPOSITION":null,\n"RESULTSET":[\n'
    )
    return (head + ",\n".join(items) + "\n]\n}\n").encode()


def api_csv(
    database: str, tables: Mapping[str, Mapping[date, str]], *, language: str = "EN", missing: str = "null"
) -> bytes:
    """The same answer in CSV."""
    suffix, index = ("", 0) if language == "EN" else ("_J", 1)
    lines = [
        "STATUS,200",
        "MESSAGEID,M181000I",
        f"MESSAGE,{('Successfully completed', '正常に終了しました。')[index]}",
        "DATE,2026-03-02T9:02:11.004+09:00",
        "PARAMETER,FORMAT,CSV",
        f"PARAMETER,LANG,{language}",
        f"PARAMETER,DB,{database}",
        "PARAMETER,STARTDATE,202512",
        "PARAMETER,ENDDATE,202602",
        "PARAMETER,STARTPOSITION,",
        "NEXTPOSITION,",
        f"SERIES_CODE,NAME_OF_TIME_SERIES{suffix},UNIT{suffix},FREQUENCY,CATEGORY{suffix},LAST_UPDATE,SURVEY_DATES,VALUES",
    ]
    for code, numbers in tables.items():
        listed = calendar_days(numbers)
        name, unit = API_NAMES[code][index], _UNITS.get(code, _PERCENT)[index]
        quoted = f'"{name}"' if "," in name else name
        lines += [
            f"{code},{quoted},{unit},DAILY,Sample,{listed[-1][0]:%Y%m%d},{day:%Y%m%d},{value or missing}"
            for day, value in listed
        ]
    return ("\n".join(lines) + "\n").encode("utf-8" if language == "EN" else "cp932")


def preset(numbers: Mapping[date, str], *, language: str = "JP", code: str = "FM01'STRDCLUCON") -> bytes:
    """The preset CSV of one daily series."""
    listed = calendar_days(numbers)
    first, last = listed[0][0], listed[-1][0]
    if language == "JP":
        head = [
            "主要時系列統計データ表",
            f"{last + timedelta(days=2):%Y/%m/%d} 15:00",
            '"","コールレート（日次）"',
            '"系列名称","無担保コールＯ／Ｎ物レート／平均値 日次／金利"',
            f'"データコード",{code}',
            '"単位",年％',
            f'"収録開始期","{first:%Y/%m/%d}"',
            f'"収録終了期","{last:%Y/%m/%d}"',
            f'"最終更新日","{last + timedelta(days=2):%Y/%m/%d}"',
        ]
    else:
        head = [
            "BOJ's Main Time-series Statistics",
            f"{last + timedelta(days=2):%Y-%m-%d} AM 09:00",
            '"","Call Rates (Daily)"',
            '"Name of time-series","Call Rate, Uncollateralized Overnight, Average (Daily)"',
            f'"Series code",{code}',
            '"Unit",percent per annum',
            f'"Start of the time-series","{first:%Y/%m/%d}"',
            f'"End of the time-series","{last:%Y/%m/%d}"',
            f'"Last update","{last + timedelta(days=2):%Y/%m/%d}"',
        ]
    rows = [f"{day:%Y/%m/%d},{'NA' if value is None else value}" for day, value in listed]
    return ("\r\n".join([*head, *rows]) + "\r\n").encode("cp932")


# --- Ministry of Finance, Cabinet Office, JSDA ------------------------------------------------------------------------


def curve_english(rows: Mapping[date, Row], month: date | None = None) -> bytes:
    """`jgbcme_all.csv`, or with a month `jgbcme.csv` and its notes."""
    title = "Interest Rate" if month is None else f"Interest Rate ({MONTHS.split()[month.month - 1]} {month.year})"
    lines = [f"{title}{COMMAS}(Unit : %)", ",".join(["Date", *(f"{years}Y" for years in TENORS)])]
    lines += [",".join([f"{day.year}/{day.month}/{day.day}", *row]) for day, row in rows.items()]
    if month is not None:
        lines += [COMMAS, NOTE_EN + COMMAS]
    return ("\r\n".join(lines) + "\r\n").encode("cp932")


def curve_japanese(rows: Mapping[date, Row], month: date | None = None) -> bytes:
    """`jgbcm_all.csv`, or with a month `jgbcm.csv` and its notes."""
    title = "国債金利情報"
    if month is not None:
        title += f" ({japanese_era(month)[1]}{japanese_era(month)[2]}年{month.month}月)"
    lines = [f"{title}{COMMAS}(単位 : %)", ",".join(["基準日", *(f"{years}年" for years in TENORS)])]
    lines += [
        ",".join([f"{japanese_era(day)[0]}{japanese_era(day)[2]}.{day.month}.{day.day}", *row])
        for day, row in rows.items()
    ]
    if month is not None:
        lines += [COMMAS, NOTE_JP + COMMAS]
    return ("\r\n".join(lines) + "\r\n").encode("cp932")


def japanese_era(day: date) -> tuple[str, str, int]:
    """Letter, name and year of the era of a day."""
    if day >= date(2019, 5, 1):
        return "R", "令和", day.year - 2018
    if day >= date(1989, 1, 8):
        return "H", "平成", day.year - 1988
    return "S", "昭和", day.year - 1925


def reference_prices(published: date, quotes: Mapping[str, tuple[str, str]]) -> bytes:
    """`SYYMMDD.csv`: by issue, its average compound yield and average price."""
    lines = []
    for issue, (compound, price) in quotes.items():
        row = [f"{published:%Y%m%d}", "02", issue, '"長期国債　999"', "20350920", "1.500", compound, price, "-0.10"]
        row += ['"03/09"', '"20"', "0", "0", "0", "1.521", price, "1.520", price, "1.522", " ", "17"]
        row += [compound, "-0.10", compound, "-0.10", compound, "1.521", price, "-0.10"]
        lines.append(",".join(row))
    return ("\r\n".join(lines) + "\r\n").encode("cp932")


def holiday_list(holidays: Iterable[date]) -> bytes:
    """`syukujitsu.csv`."""
    lines = ["国民の祝日・休日月日,国民の祝日・休日名称"]
    lines += [f"{day.year}/{day.month}/{day.day},休日" for day in sorted(holidays)]
    return ("\r\n".join(lines) + "\r\n").encode("cp932")
