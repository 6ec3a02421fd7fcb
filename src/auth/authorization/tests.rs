use AuthorizationError::{Malformed, OtherScheme};

use super::*;

fn encoded(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

fn read(pair: &str) -> Option<(String, String)> {
    let client = basic(&encoded(pair)).ok()?;
    Some((client.client_id, client.client_secret))
}

#[test]
fn bearer_gives_the_token() {
    for header in [
        "Bearer abc.def-_~+/==",
        "bearer abc.def-_~+/==",
        "BEARER   abc.def-_~+/==",
    ] {
        assert_eq!(bearer(header), Ok("abc.def-_~+/=="));
    }
}

#[test]
fn another_scheme_is_not_ours() {
    for header in [
        "",
        "Basic abc",
        "Bearerabc",
        "abc",
        "Bearer2 abc",
        " Bearer abc",
        "Bearer\tabc",
    ] {
        assert_eq!(bearer(header), Err(OtherScheme), "{header}");
    }
    assert_eq!(basic("Bearer abc"), Err(OtherScheme));
}

#[test]
fn a_token_has_its_own_alphabet() {
    for token in [
        "", " ", "=", "a b", "a,b", "a\"b", "a=b", "é", "a\t", "a ", "a\n", "a\0", "a;b",
    ] {
        assert_eq!(
            bearer(&format!("Bearer {token}")),
            Err(Malformed),
            "{token}"
        );
    }
    assert_eq!(bearer("Bearer"), Err(Malformed));
    assert_eq!(
        bearer(&format!("Bearer {}", "a".repeat(LONGEST + 1))),
        Err(Malformed)
    );
}

#[test]
fn basic_gives_the_client() {
    let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
    // The example of RFC 7617 §2.
    let rfc = basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
    assert_eq!(
        (rfc.client_id.as_str(), rfc.client_secret.as_str()),
        ("Aladdin", "open sesame")
    );
    assert_eq!(basic("bAsIc  QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), Ok(rfc));
    assert_eq!(read("id:a:b"), pair("id", "a:b"));
    assert_eq!(read("id:"), pair("id", ""));
    // RFC 6749 §2.3.1, its appendix B for the characters.
    assert_eq!(read("a%3Ab:c+d%2B%25%26"), pair("a:b", "c d+%&"));
    assert_eq!(read("%C3%A9:%e2%82%ac"), pair("é", "€"));
    assert_eq!(read("é:ree_sk_0aZ"), pair("é", "ree_sk_0aZ"));
}

#[test]
fn what_does_not_decode_is_malformed() {
    for pair in [
        "", "id", ":secret", "a%:b", "a:%2", "a:%zz", "a:%+1", "a:%ff", "a\0:b", "a:%0A",
    ] {
        assert_eq!(basic(&encoded(pair)), Err(Malformed), "{pair}");
    }
    let not_utf8 = format!("Basic {}", STANDARD.encode([b'a', b':', 0xff]));
    for header in [
        "Basic",
        "Basic ",
        "Basic a",
        "Basic %",
        "Basic YTpi YTpi",
        "Basic YTpi\n",
        &not_utf8,
    ] {
        assert_eq!(basic(header), Err(Malformed), "{header}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let client = basic(&encoded("id:hidden")).unwrap();
    assert_eq!(
        format!("{client:?}"),
        r#"ClientCredentials { client_id: "id", .. }"#
    );
}
