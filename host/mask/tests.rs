//! What is hidden, and what is not.
use proptest::prelude::*;

use super::*;

impl Secrets {
    fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        replace(text, self.places(text))
    }
}

#[test]
fn hides_the_passwords_of_urls() {
    for (text, hidden) in [
        ("local at http://u:pw@h:80/ · 1", "local at http://u:***@h:80/ · 1"),
        ("`https://:p@ss:w@[::1]`, ftp://a:b@c", "`https://:***@[::1]`, ftp://a:***@c"),
        ("{\"url\":\"http://u:p%40@h\"}", "{\"url\":\"http://u:***@h\"}"),
    ] {
        assert_eq!(hide(text), hidden);
    }
    for text in
        ["http://h:80/a@b", "http://u@h", "http://u:@h", "http://h:80 and a@b", "://", "a://b:c", "u:p@h"]
    {
        assert_eq!(hide(text), text);
    }
    for (url, hidden) in [
        ("u:pw@h", "u:***@h"),
        ("http://u:p/w@h", "http://u:***@h"),
        ("http://u:pw@h/a@b", "http://u:***@h/a@b"),
        ("http://h:80/a@b", "http://h:80/a@b"),
        ("localhost", "localhost"),
    ] {
        assert_eq!(hide_password(url), hidden);
    }
}

fn secrets(values: &[&str]) -> Secrets {
    let mut secrets = Secrets::default();
    values.iter().for_each(|value| secrets.add(value));
    secrets
}

#[test]
fn hides_every_form() {
    let secrets = secrets(&["s3cr/t \"key\"&é"]);
    for text in [
        "s3cr/t \"key\"&é",
        "s3cr/t \\\"key\\\"&é",
        "s3cr%2Ft%20%22key%22%26%C3%A9",
        "s3cr%2ft%20%22key%22%26%c3%a9",
        "s3cr%2Ft+%22key%22%26%C3%A9",
        "s3cr/t%20%22key%22&%C3%A9",
    ] {
        assert_eq!(secrets.hide(&format!("a {text} b")), "a *** b", "{text}");
    }
}

#[test]
fn hides_whatever_is_escaped() {
    let first = secrets(&["Grüße/geheim&Co"]);
    for text in [
        r"Gr\u00fc\u00dfe/geheim&Co",
        r"Gr\u00FC\u00DFe\/geheim\u0026Co",
        r"Gr\\u00fc\\u00dfe\\\/geheim\\u0026Co",
        "Grüße/geheim&amp;Co",
        "Grüße/geheim&#38;Co",
        "Gr&#252;&#xDF;e&#x2f;geheim&amp;amp;Co",
        "Gr%C3%BC%C3%9Fe/geheim%26Co",
        "Gr%c3%bc%c3%9fe%2fgeheim%26Co",
        "Gr%25C3%25BC%25C3%259Fe%252Fgeheim%2526Co",
        "Gr%2525C3%2525BC%2525C3%25259Fe%25252Fgeheim%252526Co",
        r"Gr\xc3\xbc\xc3\x9fe/geheim&Co",
        "Gr%FC%DFe%2Fgeheim%26Co",
        r"Gr%5Cu00fc%5Cu00dfe/geheim%5Cu0026Co",
        "%47%72%C3%BC%C3%9F%65%2F%67%65%68%65%69%6D%26%43%6F",
        "Grüße/geheim%26amp%3BCo",
    ] {
        assert_eq!(first.hide(&format!("a={text}!")), "a=***!", "{text}");
    }
    let failure = "HTTPError('400 Bad Request for /login?next=%2Fredir%3Fp%3DGr%25C3%25BC%25C3%259Fe%252Fgeheim%2526Co')";
    assert_eq!(first.hide(failure), "HTTPError('400 Bad Request for /login?next=%2Fredir%3Fp%3D***')");
    let second = secrets(&["sup3rS3cret/To+ken=\"x\"é&<> end"]);
    for text in [
        r#"sup3rS3cret/To+ken=\"x\"é\u0026\u003c\u003e end"#,
        r#"sup3rS3cret\/To+ken=\"x\"\u00e9&<> end"#,
        r#"sup3rS3cret\\/To+ken=\\\"x\\\"\\u00e9&<> end"#,
        "sup3rS3cret/To+ken=&quot;x&quot;é&amp;&lt;&gt; end",
        "sup3rS3cret/To+ken=&#34;x&#34;é&amp;&lt;&gt; end",
        "sup3rS3cret/To+ken=&#x22;x&#X22;&#233;&#38;&#60;&#062; end",
        "sup3rS3cret%2FTo%2Bken%3D%22x%22%C3%A9%26%3C%3E+end",
        "sup3rS3cret/To%2Bken=%22x%22%C3%A9%26%3C%3E%20end",
        "sup3rS3cret%252FTo%252Bken%253D%2522x%2522%25C3%25A9%2526%253C%253E%2520end",
        "sup3rS3cret%252FTo%252Bken%253D%2522x%2522%25C3%25A9%2526%253C%253E%2Bend",
    ] {
        assert_eq!(second.hide(&format!("{{{text}}}")), "{***}", "{text}");
    }
    assert_eq!(secrets(&["it's 😀 ok"]).hide(r"it&#39;s \ud83d\uDE00 ok"), MASK);
    // Not a spelling of it, and nothing that breaks a reader.
    for text in ["%", "%2", "%C3", "%C3%", r"\u12", r"\ud83d\u", "&#", "&#x;", "&#99999999;", "é%é\\é&é"]
    {
        assert_eq!(first.hide(text), text);
    }
}

#[test]
fn many_escapes_take_no_long() {
    let secrets = secrets(&["\\\\\\\\\\\\\\\\x", "%%%%%%%%%%%%y", "&&&&&&&&z"]);
    for unit in ["\\", "%25", "&amp;", "%", "&", "\\u005c"] {
        let text = unit.repeat(3_000 / unit.len());
        assert_eq!(secrets.hide(&text), text);
    }
}

#[test]
fn hides_it_in_basic_auth() {
    let secrets = secrets(&["hunter22"]);
    for user in ["", "a", "ab", "abc", "abcd", "somebody"] {
        let encoded = STANDARD_NO_PAD.encode(format!("{user}:hunter22"));
        let hidden = secrets.hide(&encoded).into_owned();
        // All letters that hold a bit of it.
        let first = (user.len() + 1) * 8 / 6;
        assert_eq!(hidden, format!("{}{MASK}", &encoded[..first]));
    }
}

#[test]
fn overlapping_secrets_leave_nothing() {
    let secrets = secrets(&["abcdef", "defghi", "aaaa"]);
    assert_eq!(secrets.hide("xabcdefghix"), "x***x");
    assert_eq!(secrets.hide("aaaaaa b"), "*** b");
    assert_eq!(secrets.hide("nothing to see"), "nothing to see");
}

#[test]
fn short_ones_only_where_they_stand_alone() {
    let secrets = secrets(&["7", "né"]);
    assert_eq!(secrets.hide("pin=7, not 17 nor 7th or _7"), "pin=***, not 17 nor 7th or _7");
    assert_eq!(secrets.hide("né néo"), "*** néo");
}

#[test]
fn lines_of_a_key_are_hidden_one_by_one() {
    let secrets = secrets(&["-----BEGIN KEY-----\nMIIEvQIBADANBg\nshort\n"]);
    assert_eq!(secrets.hide("line 2: MIIEvQIBADANBg."), "line 2: ***.");
}

#[test]
fn a_cut_takes_a_secret_whole() {
    add("a-secret-of-the-test-of-cut");
    let text = "before a-secret-of-the-test-of-cut";
    assert_eq!(cut(text, 12), 7);
    assert_eq!((cut(text, 7), cut(text, text.len()), cut(text, 3)), (7, text.len(), 3));
    assert_eq!(hide(text), "before ***");
}

proptest! {
    #[test]
    fn nothing_of_a_secret_is_left(secret in "\\PC{4,20}", before in "\\PC{0,9}", after in "\\PC{0,9}") {
        let secrets = secrets(&[&secret]);
        let hidden = secrets.hide(&format!("{before}{secret}{after}")).into_owned();
        prop_assert!(hidden.contains(MASK));
        prop_assert!(secret.contains('*') || !hidden.contains(&secret) || before.contains(&secret) || after.contains(&secret));
        // As base64, wherever it begins.
        let encoded = STANDARD_NO_PAD.encode(format!("{before}{secret}{after}"));
        prop_assert!(secrets.hide(&encoded).contains(MASK), "{}", encoded);
    }
}
