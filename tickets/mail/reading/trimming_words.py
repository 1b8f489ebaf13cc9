"""Words by which mail programs introduce quotes, forwards and signatures, by language."""

import re
from typing import Final


def _words(*by_language: str) -> str:
    """Join alternatives, the longest first, so that a word is not cut short by its own beginning."""
    alternatives = {word for line in by_language for word in line.split("|") if word}
    return "|".join(sorted(alternatives, key=len, reverse=True))


# The word an attribution starts with: On Monday ..., Am Montag ...
OPENINGS: Final = _words(
    "On|At",  # en
    "Am",  # de
    "Le",  # fr
    "El",  # es
    "Il",  # it
    "Em|A",  # pt
    "Op",  # nl
    "W dniu|Dnia",  # pl
    "Den|På",  # sv, da, nb
    "Dne",  # cs
    "Dňa",  # sk
    "В|Дня",  # ru, uk
    "În|Pe|La data de",  # ro
    "Στις",  # el
    "在|于|於",  # zh
    "Vào",  # vi
    "Pada",  # id
)
# The verb, with what belongs to it.
WROTE: Final = _words(
    r"wrote|said|writes",  # en
    r"schrieb|hat geschrieben|schrieb am",  # de
    r"a écrit|à écrit|a ecrit",  # fr
    r"escribió|escribio",  # es
    r"ha scritto|scrisse|scrive",  # it
    r"escreveu",  # pt
    r"schreef|geschreven",  # nl
    r"napisał\(a\)|napisała|napisał|pisze",  # pl
    r"написал\(а\)|написала|написал|пишет|писал",  # ru
    r"написав\(ла\)|написала|написав|пише",  # uk
    r"skrev",  # sv, da, nb
    r"kirjoitti",  # fi
    r"napsal\(a\)|napsala|napsal",  # cs
    r"napísal\(a\)|napísala|napísal",  # sk
    r"のメール|は書きました|書きました|のメッセージ",  # ja
    r"写道|寫道|撰寫|编写|编辑",  # zh
    r"작성|님이 쓰신 메일",  # ko
    r"şunları yazdı|şunu yazdı|yazdı|tarihinde",  # tr
    r"ezt írta|írta",  # hu
    r"a scris|scria",  # ro
    r"έγραψε",  # el
    r"napisao je|napisala je|je napisao",  # hr, sr
    r"je napisal|napisal",  # sl
    r"написа",  # bg
    r"đã viết",  # vi
    r"menulis",  # id
    r"kirjutas",  # et
    r"rašė",  # lt
    r"rakstīja",  # lv
)
# Between rules (-----...-----), or on a line of their own with a colon.
FORWARDED: Final = _words(
    "original message|original mail|forwarded message|forwarded mail|begin forwarded message|forwarded by .{1,80}",
    "reply message|start of forwarded message|original appointment|initial message",
    "ursprüngliche nachricht|originalnachricht|original-nachricht|weitergeleitete nachricht"
    "|anfang der weitergeleiteten nachricht",
    "weitergeleitete mail|ursprüngliche mail",
    "message d'origine|message original|message transféré|message initial|début du message transféré"
    "|début du message réexpédié",
    "mensaje original|mensaje reenviado|inicio del mensaje reenviado|mensaje de origen",
    "messaggio originale|messaggio inoltrato|inizio messaggio inoltrato|messaggio inviato",
    "mensagem original|mensagem encaminhada|mensagem reencaminhada|início da mensagem reencaminhada|mensagem inicial",
    "oorspronkelijk bericht|oorspronkelijke bericht|doorgestuurd bericht|begin doorgestuurd bericht|origineel bericht",
    "wiadomość oryginalna|oryginalna wiadomość|przekazana wiadomość|wiadomość przekazana"
    "|początek przekazywanej wiadomości",
    "исходное сообщение|пересылаемое сообщение|пересланное сообщение|начало переадресованного сообщения"
    "|перенаправленное сообщение",
    "вихідне повідомлення|переслане повідомлення|початок пересланого повідомлення|оригінальне повідомлення",
    "ursprungligt meddelande|originalmeddelande|vidarebefordrat meddelande|vidarebefordrat brev",
    "oprindelig meddelelse|oprindelig besked|videresendt meddelelse|start på videresendt besked|videresendt besked",
    "opprinnelig melding|videresendt melding|start på videresendt melding|opprinnelig meddelelse",
    "alkuperäinen viesti|välitetty viesti|edelleenlähetetty viesti|välitetty viesti alkaa",
    "původní zpráva|přeposlaná zpráva|začátek přeposílané zprávy|původní e-mail",
    "pôvodná správa|preposlaná správa|eredeti üzenet|továbbított üzenet|mesaj original|mesajul original"
    "|mesaj redirecționat",
    "αρχικό μήνυμα|προωθημένο μήνυμα|izvorna poruka|proslijeđena poruka|originalna poruka|prvotno sporočilo"
    "|posredovano sporočilo",
    "元のメッセージ|オリジナルメッセージ|転送されたメッセージ|転送メッセージ|original message",
    "原始邮件|邮件原件|转发的邮件|转发邮件|轉寄的郵件|原始郵件|原始訊息|已转发邮件|轉寄郵件",
    "원본 메시지|원본 메일|전달된 메시지|전달된 메일",
    "orijinal mesaj|iletilen mesaj|özgün ileti|i̇letilen ileti|iletilen ileti",
    "tin nhắn gốc|thư đã chuyển tiếp|pesan asli|pesan terusan",
)
# Names of the header fields that programs write above a quote. Each kind counts once.
HEADER_NAMES: Final[dict[str, str]] = {
    "from": _words(
        "From|Von|De|Da|Van|Od|От|Від|Från|Fra|Lähettäjä|Odesílatel|Odosielateľ|差出人|发件人|發件人|寄件者|寄件人"
        "|보낸 사람|보낸사람"
        "|Kimden|Gönderen"
        "|Feladó|De la|Από|Šalje|Pošiljatelj|Nuo|No|Saatja|Từ|Dari|Mittente|Expéditeur|Remitente|Remetente"
        "|Absender|Afzender|Nadawca|送信者"
    ),
    "to": _words(
        "To|An|À|A|Para|Aan|Do|Кому|Till|Til|Vastaanottaja|Komu|Pre|宛先|收件人|收件者|받는 사람|받는사람|Kime"
        "|Alıcı|Címzett"
        "|Către|Προς|Za"
        "|Prima|Kam|Saaja|Đến|Kepada|Pour|Destinataire|Destinatario|Destinatário|Empfänger|Ontvanger|Adresat"
    ),
    "cc": _words("Cc|Bcc|Kopie|Copie|Copia|Cópia|Kopia|Копия|Копія|Kopi|Kopio|抄送|副本|참조|Bilgi|Másolat|Κοιν\\."),
    "date": _words(
        "Date|Datum|Fecha|Data|Dato|Päiväys|Päivämäärä|Дата|日付|日期|날짜|Tarih|Dátum|Dată|Ημερομηνία|Kuupäev|Ngày"
        "|Tanggal"
        "|Sent|Gesendet|Envoyé|Envoyé le|Enviado|Enviado el|Enviado em|Enviada em|Enviada|Inviato|Verzonden"
        "|Wysłano|Wysłane|Data wysłania"
        "|Отправлено|Надіслано|Skickat|Sendt|Sendt den|Lähetetty|Odesláno|Odoslané|送信日時|发送时间|發送日期"
        "|傳送時間|寄件日期"
        "|보낸 날짜|보낸날짜|Gönderildi"
        "|Gönderme Tarihi|Elküldve|Trimis|Στάλθηκε|Poslano|Đã gửi|Dikirim"
    ),
    "subject": _words(
        "Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Temat|Тема|Ämne|Emne|Aihe|Předmět|Predmet|件名|主题"
        "|主旨|主題|제목|Konu|Tárgy"
        "|Subiect|Θέμα|Teema|Tēma|Tema|Chủ đề|Subjek|Sujet"
    ),
    "reply-to": _words(
        "Reply-To|Antwort an|Répondre à|Responder a|Responder para|Rispondi a|Risposta|Antwoord aan|Odpowiedz do"
        "|Ответить|Svara till|Svar til"
        "|Vastausosoite|Odpovědět|返信先|回复|回覆|답장 받는 사람|Yanıtla|Importance|Priority|Attachments|Anlagen"
        "|Priorität"
        "|Importanza|Organization"
    ),
}
# Lines that telephones and mail programs add. Each stands alone on its line.
MOBILE: Final = re.compile(
    r"\A\W{0,4}(?:"
    r"sent (?:from|via|with|by|using)\b.{1,90}"
    r"|(?:get|download|try) \[?outlook\b.{0,90}"
    r"|from my (?:iphone|ipad|ipod|android|mobile|phone|cell|samsung|galaxy|blackberry|htc|nokia|pixel)\b.{0,40}"
    r"|\w+(?: \w+)? from (?:my )?(?:mobile|phone|iphone|ipad)"
    r"|von meinem .{1,60} gesendet|gesendet (?:von|mit|aus|über) .{1,90}"
    r"|diese nachricht wurde von meinem .{1,80} gesendet"
    r"|mit (?:der|dem) .{1,40} (?:app|mail|handy) gesendet|outlook für (?:ios|android) .{0,60}"
    r"|holen sie sich outlook .{0,60}"
    r"|envoyé (?:de|depuis|à partir|avec|par|via) .{1,90}|(?:obtenez|télécharger|obtenir) outlook .{0,60}"
    r"|enviado (?:desde|do|de|a partir|por|pelo|com|con|através|via) .{1,90}"
    r"|obten(?:er|ga|ha) .{0,4}outlook .{0,60}|obter o outlook .{0,60}"
    r"|inviato (?:da|dal|con|tramite|utilizzando|via) .{1,90}|(?:ottieni|scarica) outlook .{0,60}"
    r"|verzonden (?:vanaf|van|met|via|door|vanuit) .{1,90}|(?:outlook voor|download outlook) .{0,60}"
    r"|wysłan[eoay] (?:z|za pomocą|przy użyciu|przez) .{1,90}|pobierz .{0,4}outlook .{0,60}"
    r"|отправлено (?:с|из|через|от|при помощи) .{1,90}|надіслано (?:з|із|через|від) .{1,90}|скачать outlook .{0,60}"
    r"|skickat (?:från|med|via) .{1,90}|sendt (?:fra|med|via) .{1,90}|hämta outlook .{0,60}|hent outlook .{0,60}"
    r"|lähetetty .{1,80}|hanki outlook .{0,60}|odesláno (?:z|ze|pomocí) .{1,90}"
    r"|odoslané (?:z|zo|pomocou) .{1,90}|získejte outlook .{0,60}"
    r"|az .{1,40}(?:om|emről|omról) küldve|trimis (?:de pe|din|cu|de la) .{1,90}|poslano (?:z|s|sa|iz) .{1,90}"
    r"|στάλθηκε από .{1,90}"
    r"|.{1,40}(?:から送信|より送信|から送りました)|.{0,20}を使用して送信"
    r"|发自我的.{1,40}|發自我的.{1,40}|从我的.{1,40}发送|從我的.{1,40}傳送|来自.{1,30}(?:客户端|手机)|發送自.{1,40}"
    r"|.{0,4}나의 .{1,40}에서 보냄|.{1,40}에서 보냄"
    r"|.{1,40}(?:umdan|imden|ımdan|ümden|dan|den) gönderildi|được gửi từ .{1,60}|dikirim dari .{1,60}"
    r"|.{0,60}(?:please )?(?:excuse|forgive|pardon) (?:my |any |the )?(?:brevity|typos?|typoze|spelling).{0,40}"
    # Trackers leave this one character.
    r"|ᐧ"
    r")\W{0,4}\Z",
    re.IGNORECASE,
)
