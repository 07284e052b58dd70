"""The words of the demo: names, questions, answers and recommendations. Synthetic; no real person."""

from dataclasses import dataclass
from typing import TypeVar

Words = TypeVar("Words")

WOMEN = (
    "Agneta", "Aina", "Alva", "Amina", "Astrid", "Barbro", "Berit", "Carina", "Dagny", "Elin", "Elsa", "Fatima", "Gerd",
    "Gunvor", "Hanna", "Inga", "Kerstin", "Leila", "Linnéa", "Maj-Britt", "Maria", "Märta", "Ruth", "Sigrid", "Siv",
    "Tuula", "Ulla", "Viveka", "Zahra", "Åsa", "Ödgård",
)  # fmt: skip
MEN = (
    "Ahmed", "Anders", "Arne", "Bengt", "Bo", "Christer", "Daniel", "Emil", "Folke", "Gunnar", "Hans", "Helge",
    "Ingemar", "Jan", "Johan", "Kjell", "Lars", "Lennart", "Nils", "Omar", "Oskar", "Rolf", "Stig", "Svante", "Viggo",
    "Yngve", "Åke",
)  # fmt: skip
LAST_NAMES = (
    "Abdi", "Almqvist", "Andersson", "Asplund", "Berg", "Björk", "Dahl", "Ekström", "Eriksson", "Fors", "Granath",
    "Gustafsson", "Hedlund", "Holm", "Hussein", "Isaksson", "Jansson", "Jonsson", "Karlsson", "Kovačević", "Lind",
    "Lundgren", "Malm", "Mattsson", "Mäkinen", "Nguyen", "Nilsson", "Nyström", "Oskarsson", "Palm", "Rydén", "Salonen",
    "Sandberg", "Strand", "Sundin", "Svensson", "Tadesse", "Törnqvist", "Wallin", "Wikström", "Yilmaz", "Zetterberg",
    "Åberg", "Ångström", "Ärlig", "Öhman",
)  # fmt: skip
HISTORIES = (
    "Tidigare väsentligen frisk. Söker efter tre månaders besvär; remitterad enligt standardiserat vårdförlopp.",
    "Hypertoni sedan 2012. Opererad för gallsten 2019. Aldrig rökt.",
    "Diabetes typ 2 med metformin. Egen bostad, hemtjänst en gång i veckan.",
    "Hjärtinfarkt 2021 med PCI, dubbel trombocythämning avslutad. Går två trappor utan besvär.",
    "KOL, slutade röka 2018. FEV1 61 % av förväntat vid senaste spirometri.",
    "Reumatoid artrit med metotrexat. Ingen känd ärftlighet för cancer.",
    "Mor och moster med bröstcancer före 50 års ålder. I övrigt frisk, inga läkemedel.",
)
COMORBIDITIES = (
    "Frisk, inga läkemedel.", "Hypertoni, i övrigt frisk.", "Diabetes typ 2, metformin.",
    "Ischemisk hjärtsjukdom, PCI 2021.", "KOL, slutade röka 2018.", "Reumatoid artrit, metotrexat.",
    "Frisk, inga läkemedel.",
)  # fmt: skip
"""One for each of HISTORIES, in the same order."""
WISHES = (
    "Vill ha kurativt syftande behandling.", "Vill helst undvika stomi.", "Vill väga livskvalitet före livslängd.",
    "Önskar behandling nära hemmet.", "Vill delta i studie om det är möjligt.", "Har inte uttryckt önskemål ännu.",
)  # fmt: skip
LEVEL_REASONS = {
    "full": "Komplicerat fall med flera samtidiga frågor; behöver båda disciplinerna.",
    "focused": "En avgränsad fråga; resten följer vårdprogrammet.",
    "protocol": "Standardförlopp enligt vårdprogrammet; ingen fråga till konferensen.",
}


@dataclass(frozen=True, slots=True)
class Pathway:
    """What the demo says about one diagnosis; questions are (phase, text), recommendations (intent, text, next step).

    Answers and recommendations that are as many as the questions belong to one question each. `sex` is "f" or "m"
    where only women or only men have the disease.
    """

    slug: str
    unit: str
    questions: tuple[tuple[str, str], ...]
    radiology: tuple[str, ...]
    pathology: tuple[str, ...]
    lab: tuple[str, ...]
    stage: str
    recommendations: tuple[tuple[str, str, str], ...]
    sex: str = ""

    def fits(self, sex: str) -> bool:
        """Whether a patient of this sex can have the disease."""
        return self.sex in ("", sex)

    def for_question(self, texts: tuple[Words, ...], question: str, drawn: Words) -> Words:
        """Return the one of `texts` that belongs to the question, where each question has its own; else `drawn`."""
        if len(texts) != len(self.questions):
            return drawn
        return texts[[text for _phase, text in self.questions].index(question)]


PATHWAYS = (
    Pathway(
        slug="colorectal",
        unit="Kirurgkliniken",
        questions=(
            ("pre_treatment", "Rektalcancer 7 cm från analöppningen. Neoadjuvant behandling eller direkt kirurgi?"),
            (
                "pre_treatment",
                "Coloncancer i sigmoideum, misstänkt levermetastas i segment 6. Resektabel? Behandlingsordning?",
            ),
            ("pre_treatment", "Tumör i caecum, DT visar förstorade lymfkörtlar centralt. Utvidgad resektion?"),
            (
                "after_neoadjuvant",
                "Rektalcancer efter strålning och kemoterapi. Komplett respons? Operation eller aktiv uppföljning?",
            ),
            ("post_operative", "Opererad sigmoideumcancer, pT3N1b, 14 undersökta körtlar. Adjuvant behandling?"),
            ("recurrence", "Stigande CEA ett år efter högersidig hemikolektomi, oklar lunghärd. Recidiv?"),
        ),
        radiology=(
            "Tumör 7–11 cm från anus, mrT3b, MRF fri med 4 mm, EMVI−. Två körtlar på 6 mm i mesorektum. Inga fjärrmetastaser.",
            "Tumör 38 mm i sigmoideum, växt genom tarmväggen. I segment 6 en 14 mm förändring som talar för metastas.",
            "Tumör 52 mm i caecum, växt genom tarmväggen. Tre förstorade körtlar centralt längs ileokoliska kärlen.",
            "MR: ärromvandling mot tidigare tumör, mrTRG 2. Inga kvarvarande misstänkta körtlar. DT utan metastaser.",
            "DT före operation utan fjärrmetastaser.",
            "Rundhärd 9 mm i höger underlob, ny sedan föregående DT. Lever och operationsområde utan anmärkning.",
        ),
        pathology=(
            "Px: måttligt differentierat adenokarcinom. MMR-proteiner bevarade.",
            "Px: måttligt differentierat adenokarcinom. MMR-proteiner bevarade. KRAS-mutation påvisad.",
            "Px: lågt differentierat adenokarcinom. MLH1 och PMS2 saknas; metylering beställd.",
            "Px före behandling: adenokarcinom, MMR-proteiner bevarade. Nya biopsier från ärret utan tumör.",
            "pT3 N1b, två av fjorton körtlar positiva. Radikalt, V0, Pn0. MMR-proteiner bevarade.",
            "Operationspreparat 2025: pT3N0, radikalt. MMR-proteiner bevarade. Härden är inte biopserad.",
        ),
        lab=("CEA 4,1. Hb 128, kreatinin 74.",),
        stage="cT3bN1aM0",
        recommendations=(
            (
                "curative",
                "Kort preoperativ strålbehandling (5 × 5 Gy) följt av kemoterapi, därefter främre resektion.",
                "Remiss till strålbehandling; ny MR tolv veckor efter avslutad strålning.",
            ),
            (
                "conversion",
                "Kemoterapi, därefter ny bedömning av levern med MR; resektabel metastas.",
                "Remiss till onkolog; ny konferens efter fyra kurer.",
            ),
            (
                "curative",
                "Högersidig hemikolektomi med central kärldelning.",
                "Anmälan till operation. Besök hos kirurg denna vecka.",
            ),
            (
                "curative",
                "Aktiv uppföljning med rektoskopi och MR var tredje månad om patienten så önskar.",
                "Besök hos kirurg; ny MR om tre månader.",
            ),
            (
                "curative",
                "Adjuvant kemoterapi enligt vårdprogrammet om patienten så önskar.",
                "Besök hos onkolog inom två veckor.",
            ),
            (
                "diagnostic",
                "PET-DT och biopsi av lunghärden före ställningstagande.",
                "Remiss för PET-DT; lungkonferens när svaret finns.",
            ),
        ),
    ),
    Pathway(
        slug="breast",
        unit="Bröstcentrum",
        questions=(
            ("pre_treatment", "Invasiv duktal cancer 22 mm, HER2-positiv. Neoadjuvant behandling?"),
            ("pre_treatment", "Lobulär cancer, MR visar multifokal växt. Bröstbevarande eller mastektomi?"),
            ("post_operative", "Mastektomi, en makrometastas i portvaktskörteln. Axillutrymning? Strålbehandling?"),
            ("post_operative", "Sektorresektion, nära marginal mot fascian. Reoperation eller boost?"),
        ),
        radiology=(
            "Spikulerad förändring 22 mm kl 2 i vänster bröst. Ultraljud av axillen: en körtel med 4 mm kortex, punkterad.",
        ),
        pathology=(
            "Invasiv cancer NST, NHG 2, ER 95 %, PR 60 %, HER2 3+, Ki67 28 %.",
            "Invasiv lobulär cancer, NHG 2, ER 90 %, HER2 0, Ki67 14 %.",
        ),
        lab=("Blodstatus utan anmärkning.",),
        sex="f",
        stage="cT2N0M0",
        recommendations=(
            (
                "curative",
                "Neoadjuvant behandling med dubbel HER2-blockad, därefter bröstbevarande kirurgi.",
                "Besök hos onkolog; clips i tumören före start.",
            ),
            ("curative", "Bröstbevarande kirurgi och portvaktskörtelbiopsi.", "Anmälan till operation."),
            (
                "curative",
                "Strålbehandling mot bröst och regionala körtlar; ingen axillutrymning.",
                "Remiss till strålbehandling.",
            ),
        ),
    ),
    Pathway(
        slug="prostate",
        unit="Urologkliniken",
        questions=(
            ("pre_treatment", "Högriskcancer, Gleason 4+4, cT3a på MR. Operation eller strålbehandling?"),
            ("pre_treatment", "Primärt metastaserad, fyra skelettmetastaser. Strålning mot primärtumören?"),
            ("post_operative", "PSA 0,3 efter radikal prostatektomi, positiv marginal. Salvagestrålning?"),
        ),
        radiology=("MR prostata: PI-RADS 5 i vänster periferi, misstänkt kapselgenombrott. Inga förstorade körtlar.",),
        pathology=("Gleason 4+4 i fyra av tolv biopsier, längsta cancerlängd 11 mm.",),
        lab=("PSA 14,2.",),
        sex="m",
        stage="cT3aN0M0",
        recommendations=(
            (
                "curative",
                "Extern strålbehandling med hormonell tilläggsbehandling.",
                "Remiss till strålbehandling; information av kontaktsjuksköterska.",
            ),
            ("curative", "Robotassisterad radikal prostatektomi med körtelutrymning.", "Anmälan till operation."),
        ),
    ),
    Pathway(
        slug="bladder-upper-urinary-tract",
        unit="Urologkliniken",
        questions=(
            ("pre_treatment", "Muskelinvasiv blåscancer T2. Neoadjuvant kemoterapi inför cystektomi?"),
            ("pre_treatment", "Uroteltumör i vänster njurbäcken. Nefroureterektomi eller njursparande åtgärd?"),
        ),
        radiology=("DT urografi: 28 mm tumör i vänster blåsvägg, ingen hydronefros. Inga förstorade körtlar.",),
        pathology=("Omgranskat PAD: urotelial cancer grad 3 med växt i detrusormuskulatur.",),
        lab=("Urincytologi: höggradig urotelial cancer. eGFR 68.",),
        stage="cT2N0M0",
        recommendations=(
            ("curative", "Neoadjuvant kemoterapi, tre kurer, därefter cystektomi.", "Besök hos onkolog inom en vecka."),
        ),
    ),
    Pathway(
        slug="kidney",
        unit="Urologkliniken",
        questions=(
            (
                "pre_treatment",
                "Tumör 3,4 cm i höger njure, en njure sedan tidigare. Resektion, ablation eller uppföljning?",
            ),
        ),
        radiology=("DT: kontrastladdande tumör 34 mm i nedre polen, RENAL-poäng 6. Ingen tromb i njurvenen.",),
        pathology=("Klarcellig njurcancer, ISUP grad 2.",),
        lab=("Hb 141, kreatinin 118, ALP 1,2, urinsticka utan anmärkning.",),
        stage="cT1aN0M0",
        recommendations=(
            (
                "curative",
                "Robotassisterad njurresektion; ablation om patienten avstår.",
                "Besök hos urolog; njurfunktion följs.",
            ),
        ),
    ),
    Pathway(
        slug="lung",
        unit="Lungkliniken",
        questions=(
            ("pre_treatment", "Adenokarcinom i höger överlob, cT2aN2. Operabel? Neoadjuvant behandling?"),
            (
                "pre_treatment",
                "Solitär nodulus 14 mm, PET-positiv, FEV1 48 %. Diagnostik eller stereotaktisk strålning?",
            ),
            ("recurrence", "Ny förändring i motsatt lunga efter lobektomi. Ny primärtumör eller metastas?"),
        ),
        radiology=("Tumör 31 mm i höger överlob. Körtel 4R 14 mm med ökat upptag (SUVmax 8). Inga fjärrmetastaser.",),
        pathology=("Adenokarcinom. EGFR vildtyp, ALK och ROS1 negativa, PD-L1 60 %.",),
        lab=("Blodstatus och leverprover utan anmärkning.",),
        stage="cT2aN2M0",
        recommendations=(
            (
                "curative",
                "Neoadjuvant kemoimmunterapi, därefter ny bedömning för operation.",
                "Besök hos lungläkare; DT efter tre kurer.",
            ),
            ("curative", "Stereotaktisk strålbehandling.", "Remiss till strålbehandling."),
        ),
    ),
    Pathway(
        slug="corpus-uteri",
        unit="Kvinnokliniken",
        questions=(
            (
                "pre_treatment",
                "Serös livmodercancer, förstorade paraaortala körtlar. Utbredning och operationsomfattning?",
            ),
        ),
        radiology=("MR: tumör med ytlig växt i myometriet. Två paraaortala körtlar på 11 mm.",),
        pathology=("Serös cancer, p53 avvikande, MMR bevarat.",),
        lab=("Hb 119, elektrolytstatus utan anmärkning.",),
        sex="f",
        stage="cT1bN1M0",
        recommendations=(
            (
                "curative",
                "Primär kirurgi med körtelutrymning, därefter adjuvant behandling efter PAD.",
                "Anmälan till operation vid gynonkologiskt centrum.",
            ),
        ),
    ),
    Pathway(
        slug="ovary",
        unit="Kvinnokliniken",
        questions=(
            (
                "pre_treatment",
                "Misstänkt avancerad äggstockscancer, ascites. Primär kirurgi eller neoadjuvant kemoterapi?",
            ),
        ),
        radiology=("DT: bilaterala adnexresistenser, omentkaka och måttlig ascites. Inga lungmetastaser.",),
        pathology=("Ascitescytologi: höggradig serös cancer.",),
        lab=("CA 125 1 240, CEA 1,8, CA 19-9 12. Albumin 29.",),
        sex="f",
        stage="cT3cN0M0",
        recommendations=(
            (
                "conversion",
                "Neoadjuvant kemoterapi, tre kurer, därefter fördröjd primärkirurgi.",
                "Besök hos gynonkolog inom en vecka.",
            ),
        ),
    ),
    Pathway(
        slug="cervix",
        unit="Kvinnokliniken",
        questions=(("pre_treatment", "Cervixcancer IB2 på MR. Radikal hysterektomi eller radiokemoterapi?"),),
        radiology=("MR: 32 mm tumör begränsad till cervix. PET-DT utan körtelupptag.",),
        pathology=("Skivepitelcancer, HPV 16.",),
        lab=("Kreatinin 66, Hb 131.",),
        sex="f",
        stage="cT1b2N0M0",
        recommendations=(
            ("curative", "Radiokemoterapi med brakyterapi.", "Remiss till strålbehandling; besök denna vecka."),
        ),
    ),
    Pathway(
        slug="melanoma",
        unit="Hudkliniken",
        questions=(
            ("pre_treatment", "Nodulärt melanom 4,2 mm, ulcererat. Förslag till stadieindelning?"),
            ("post_operative", "Portvaktskörtel positiv, 0,8 mm. Adjuvant behandling? Kompletterande bilddiagnostik?"),
        ),
        radiology=("PET-DT utan tecken till metastas.",),
        pathology=("Nodulärt melanom, Breslow 4,2 mm, ulceration, mitoser 5/mm². BRAF V600E påvisad.",),
        lab=("LD och S100 inom referensområdet.",),
        stage="cT4bN0M0",
        recommendations=(
            (
                "curative",
                "Adjuvant behandling enligt vårdprogrammet; uppföljning med PET-DT.",
                "Besök hos onkolog inom två veckor.",
            ),
        ),
    ),
)

CLINICAL_TEXT = "Utförd, utan nytillkommet fynd."
