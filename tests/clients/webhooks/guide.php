
// What follows is of the tests: a JSON line each, `secret`, `headers`, `body`.
$count = 0;
foreach (file('php://stdin', FILE_IGNORE_NEW_LINES) as $line) {
    $message = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    [$corps, $entetes, $secret] = [$message['body'], $message['headers'], $message['secret']];
    if (!est_authentique($corps, $entetes, $secret) || est_authentique("$corps ", $entetes, $secret)) {
        fwrite(STDERR, "a message was refused, or an altered one taken\n");
        exit(1);
    }
    $count++;
}
echo $count, "\n";
