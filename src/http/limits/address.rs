//! The address that a request comes from.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::HeaderMap;

/// That of the connection; behind a proxy that is trusted, the last one that it was told of and that is
/// no proxy itself.
pub fn of(trusted: &[IpAddr], peer: Option<SocketAddr>, headers: &HeaderMap) -> String {
    let Some(peer) = peer.map(|peer| peer.ip().to_canonical()) else {
        return "unknown".to_owned();
    };
    if !trusted.contains(&peer) {
        return peer.to_string();
    }
    let told = headers.get_all("x-forwarded-for");
    let told = told.filter_map(|value| value.to_str().ok());
    let addresses = told.flat_map(|value| value.split(','));
    let addresses: Vec<IpAddr> = addresses
        .filter_map(|one| one.trim().parse::<IpAddr>().ok())
        .map(|one| one.to_canonical())
        .collect();
    let first = addresses
        .into_iter()
        .rev()
        .find(|one| !trusted.contains(one));
    first.unwrap_or(peer).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    #[test]
    fn a_proxy_is_believed_where_it_is_trusted_alone() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let from = |peer: &str, told: &[&str], trusted: &[IpAddr]| {
            let mut headers = HeaderMap::new();
            for one in told {
                let name = HeaderName::from_static("x-forwarded-for");
                headers.append(name, HeaderValue::from_str(one).unwrap());
            }
            let peer = SocketAddr::new(peer.parse().unwrap(), 1);
            of(trusted, Some(peer), &headers)
        };
        assert_eq!(from("10.0.0.1", &["1.1.1.1"], &[]), "10.0.0.1");
        assert_eq!(from("2.2.2.2", &["1.1.1.1"], &[proxy]), "2.2.2.2");
        assert_eq!(from("10.0.0.1", &["1.1.1.1"], &[proxy]), "1.1.1.1");
        // What the caller wrote itself comes before what the proxy adds.
        let forged = ["9.9.9.9, 1.1.1.1", "10.0.0.1"];
        assert_eq!(from("10.0.0.1", &forged, &[proxy]), "1.1.1.1");
        assert_eq!(from("::ffff:10.0.0.1", &["nonsense"], &[proxy]), "10.0.0.1");
    }
}
