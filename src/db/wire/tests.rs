//! What passes the wire, and how long it is waited for.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const READY: &[u8] = b"Z\0\0\0\x05I";

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    message.extend_from_slice(body);
    message
}

/// What is read of these bytes when they come in pieces of this size.
async fn read(bytes: &[u8], piece: usize) -> Vec<u8> {
    let (near, mut far) = tokio::io::duplex(piece);
    let bytes = bytes.to_vec();
    let sending = tokio::spawn(async move { far.write_all(&bytes).await });
    let mut read = Vec::new();
    Wire::new(near).read_to_end(&mut read).await.unwrap();
    sending.await.unwrap().unwrap();
    read
}

#[tokio::test]
async fn an_error_tells_its_sqlstate_wherever_the_network_cuts_it() {
    let told = |hint: &str| format!("SERREUR\0C57P01\0Mfin\0{hint}\0");
    let given = told("HRessayez\0");
    let wanted = told("HRessayez\0HSQLSTATE 57P01 Ressayez\0");
    let rows = message(b'D', &[b'E'; 700]);
    let around = |error: &[u8]| [&rows, error, READY, &rows, error, &rows].concat();
    let given = around(&message(b'E', given.as_bytes()));
    let wanted = around(&message(b'E', wanted.as_bytes()));
    for piece in [1, 2, 3, 5, 7, 64, 701, 4096] {
        assert!(read(&given, piece).await == wanted, "in pieces of {piece}");
    }
}

#[tokio::test]
async fn what_is_not_answered_is_waited_for_and_nothing_else_is() {
    let patience = Duration::from_millis(40);
    let (near, mut far) = tokio::io::duplex(4096);
    let mut wire = Wire::new(near);
    let pulse = Arc::clone(wire.pulse());
    let late = || pulse.left_of(patience).is_none();
    let mut space = [0; 64];
    let pause = Duration::from_millis(60);

    // A session that is asked for.
    wire.write_all(b"\0\0\0\x0c\0\x03\0\0abc\0").await.unwrap();
    assert!(
        tokio::time::timeout(pause, wire.read(&mut space))
            .await
            .is_err()
    );
    assert!(late());
    far.write_all(READY).await.unwrap();
    wire.read_exact(&mut space[..READY.len()]).await.unwrap();
    assert!(
        tokio::time::timeout(pause, wire.read(&mut space))
            .await
            .is_err()
    );
    assert!(!late(), "nothing is asked for");

    // Two requests, of which one is answered.
    wire.write_all(&message(b'S', b"")).await.unwrap();
    wire.write_all(&message(b'Q', b"SELECT 1\0")).await.unwrap();
    far.write_all(READY).await.unwrap();
    wire.read_exact(&mut space[..READY.len()]).await.unwrap();
    assert!(!late());
    assert!(
        tokio::time::timeout(pause, wire.read(&mut space))
            .await
            .is_err()
    );
    assert!(late());
    far.write_all(READY).await.unwrap();
    wire.read_exact(&mut space[..READY.len()]).await.unwrap();

    // A copy that takes its time on our side.
    wire.write_all(&message(b'S', b"")).await.unwrap();
    let taking = message(b'G', b"\0\0\0");
    far.write_all(&taking).await.unwrap();
    wire.read_exact(&mut space[..taking.len()]).await.unwrap();
    assert!(
        tokio::time::timeout(pause, wire.read(&mut space))
            .await
            .is_err()
    );
    assert!(!late());
}
