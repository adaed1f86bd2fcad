/* Dialogues, and what has to be seen in each. How to read a script: see dialogue_test.c; what is
 * wanted: "verdict stage; facts; evidence; ! incidents; authentication; messages". */
#ifndef MAILSEAL_TESTS_DIALOGUE_SCRIPTS_H
#define MAILSEAL_TESTS_DIALOGUE_SCRIPTS_H

#include <stdbool.h>
#include <stdint.h>

/* --- parts --- */

#define SMTP_HI      "S: 220 mx.example ESMTP\nC: EHLO c.example\n"
#define SMTP_OFFER   SMTP_HI "S: 250-mx.example\nS: 250-STARTTLS\nS: 250 SIZE 1000\n"
#define SMTP_BARE    SMTP_HI "S: 250-mx.example\nS: 250 SIZE 1000\n"
#define SMTP_AUTH    SMTP_HI "S: 250-mx.example\nS: 250-STARTTLS\n" \
                     "S: 250 AUTH PLAIN LOGIN CRAM-MD5 GSSAPI X-NEW\n"
#define SMTP_MAIL    "C: MAIL FROM:<a@a>\nS: 250 ok\n"
#define SMTP_MESSAGE SMTP_MAIL "C: RCPT TO:<b@b>\nS: 250 ok\nC: DATA\nS: 354 go\n" \
                     "C: Subject: x\nC:\nC: hi\nC: .\nS: 250 ok\n"
#define SMTP_ASK     "C: STARTTLS\nS: 220 go ahead\n"
#define BOTH_FIN     "C! fin\nS! fin\n"
#define TLS_13       "C> hello 1.3\nS> hello 1.3\nS> ccs\nS> data 900\n" \
                     "C> ccs\nC> data 53\nC> data 80\nS> data 200\n"
#define TLS_12       "C> hello 1.2\nS> hello 1.2\nC> ccs\nC> finished\n" \
                     "S> ccs\nS> finished\nC> data 60\nS> data 60\n"
#define IMAP_HI      "S: * OK hi\n"
#define IMAP_OFFER   IMAP_HI "C: a CAPABILITY\nS: * CAPABILITY IMAP4rev1 STARTTLS\nS: a OK done\n"
#define IMAP_SELECT  "C: s SELECT INBOX\nS: * 3 EXISTS\nS: s OK done\n"
#define POP3_HI      "S: +OK hi\n"
#define POP3_OFFER   POP3_HI "C: CAPA\nS: +OK\nS: USER\nS: UIDL\nS: SASL PLAIN\nS: STLS\nS: .\n"
#define POP3_LOGIN   "C: USER joe\nS: +OK\nC: PASS hunter2\nS: +OK\n"
#define SIEVE_OFFER  "S: \"IMPLEMENTATION\" \"x\"\n" \
                     "S: \"SASL\" \"PLAIN LOGIN\"\nS: \"STARTTLS\"\nS: OK \"hi\"\n"

/* --- whole dialogues --- */

enum kind {
    PLAIN,
    MIDSTREAM,                          /* the beginning was not seen */
    FRAGILE                             /* without a part the rest rightly says something else: the part
                                           was the failure, or what made a line no command */
};

struct script {
    const char *name;
    uint16_t port;
    enum kind kind;
    const char *script, *want;
};

#define PRDR "C: MAIL FROM:<> PRDR\nS: 250 ok\nC: RCPT TO:<a@mx>\nS: 250 ok\nC: RCPT TO:<b@mx>\nS: 250 ok\n" \
             "C: DATA\nS: 354 go\nC: x\nC: .\nS: 353 analysis begins\n"
#define SMTP_QUIT "C: QUIT\nS: 221 bye\n"

static const struct script scripts[] = {
    /* SMTP that is upgraded */
    { "STARTTLS, 1.3", 25, PLAIN, SMTP_OFFER SMTP_ASK TLS_13 BOTH_FIN,
      "starttls tls; tls_done offered requested accepted" },
    { "STARTTLS, 1.2", 25, PLAIN, SMTP_OFFER SMTP_ASK TLS_12 BOTH_FIN,
      "starttls tls; tls_done offered requested accepted" },
    { "STARTTLS in lower case", 25, PLAIN,
      "S: 220 mx\nC: ehlo c\nS: 250-mx\nS: 250-starttls\nS: 250 size\nC: starttls\nS: 220 go\n" TLS_13,
      "starttls tls; tls_done offered requested accepted" },
    { "HelloRetryRequest", 25, PLAIN,
      SMTP_OFFER SMTP_ASK "C> hello 1.3\nS> hello retry\nS> ccs\nC> ccs\n" TLS_13,
      "starttls tls; tls_done offered requested accepted" },
    { "hellos in records of three bytes", 25, PLAIN,
      SMTP_OFFER SMTP_ASK "C> hello 1.3 in pieces\nS> hello 1.3 in pieces\nS> data 900\nC> data 53\n"
          "C> data 80\nS> data 90\n",
      "starttls tls; tls_done offered requested accepted" },
    { "asked blindly, and accepted", 25, PLAIN, SMTP_BARE SMTP_ASK TLS_13,
      "starttls tls; tls_done requested accepted; accepted_without_offer:possible" },
    { "a 250 that TLS follows", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nS: 250 go\n" TLS_13,
      "starttls tls; tls_done offered requested accepted" },
    { "a 250 that nothing follows", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nS: 250 go\n" SMTP_MAIL BOTH_FIN,
      "stripped mail; failed offered requested refused mail; refused_after_offer:likely" },
    { "deprecated", 25, PLAIN,
      SMTP_OFFER SMTP_ASK "C> hello 1.2\nS> hello 1.0\nC> ccs\nC> finished\nS> ccs\nS> finished\n",
      "starttls tls; tls_done offered requested accepted; ! deprecated_tls" },
    { "a 1.3 server that chose 1.2 with an old client", 25, PLAIN,
      SMTP_OFFER SMTP_ASK "C> hello 1.2\nS> hello 1.2 of 1.3\nC> ccs\nC> finished\nS> ccs\nS> finished\n",
      "starttls tls; tls_done offered requested accepted" },
    { "a 1.3 server that chose 1.2 with a new client", 25, PLAIN,
      SMTP_OFFER SMTP_ASK "C> hello 1.3\nS> hello 1.2 of 1.3\nC> ccs\nC> finished\nS> ccs\nS> finished\n",
      "starttls tls; tls_done offered requested accepted; ! tls_downgrade" },
    { "credential before TLS", 587, PLAIN, SMTP_AUTH "C: AUTH PLAIN AGh1bnRlcjI=\nS: 535 no\n"
      SMTP_ASK TLS_13,
      "starttls auth; tls_done offered requested accepted credential mail; ! credential_before_tls; "
      "AUTH PLAIN secret" },
    { "command injection", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nC: MAIL FROM:<x>\nS: 220 go\n" TLS_13,
      "starttls tls; tls_done offered requested accepted; ! command_injection" },
    { "response injection", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nS: 220 go\nS: 250 evil\n" TLS_13,
      "starttls tls; tls_done offered requested accepted; ! response_injection" },
    { "a command behind the go-ahead, and TLS behind it", 25, PLAIN, SMTP_OFFER SMTP_ASK "C: NOOP\n" TLS_13,
      "starttls tls; tls_done failed offered requested accepted; ! command_injection" },
    { "a reply behind the ClientHello, and then the ServerHello", 25, PLAIN,
      SMTP_OFFER SMTP_ASK "C> hello 1.3\nS: 250 evil\nS> hello 1.3\nS> data 900\nC> data 53\nC> data 80\n"
          "S> data 90\n",
      "starttls tls; tls_done offered requested accepted; ! response_injection" },
    { "a reply behind the ClientHello, and no TLS", 25, PLAIN,
      SMTP_OFFER SMTP_ASK "C> hello 1.3\nS: 500 what\n" BOTH_FIN,
      "tls_failed tls; failed offered requested accepted" },
    { "the hello behind STARTTLS, before the go-ahead", 25, FRAGILE,
      SMTP_OFFER "C: STARTTLS\nC> hello 1.3\nS: 220 go\nS> hello 1.3\nS> data 900\nC> data 53\nC> data 80\n"
          "S> data 90\n",
      "starttls tls; tls_done offered requested accepted" },
    { "only behind a HELO", 25, PLAIN, "S: 220 mx\nC: HELO c\nS: 250 mx\n" SMTP_ASK TLS_13,
      "starttls tls; tls_done requested accepted" },
    { "refused once, then accepted", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nS: 454 later\n" SMTP_ASK TLS_13,
      "starttls tls; tls_done failed offered requested accepted refused; refused_for_now:possible" },

    /* SMTP in clear */
    { "a message", 25, PLAIN, SMTP_OFFER SMTP_MESSAGE "C: QUIT\nS: 221 bye\n" BOTH_FIN,
      "clear done; offered mail; 1 message" },
    { "no offer", 25, PLAIN, SMTP_BARE SMTP_MESSAGE BOTH_FIN, "clear done; mail; 1 message" },
    { "two messages, pipelined", 25, PLAIN,
      SMTP_BARE "C: MAIL FROM:<a>\nC: RCPT TO:<b>\nC: RCPT TO:<c>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\n"
          "S: 354 go\n"
      "C: x\nC: .\nC: MAIL FROM:<a>\nC: RCPT TO:<b>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n"
      "C: .\n"
      "C: QUIT\nS: 250 ok\nS: 221 bye\n", "clear done; mail; 2 messages" },
    { "PRDR, refused by each recipient", 25, PLAIN, SMTP_BARE PRDR "S: 550 no\nS: 550 no\nS: 250 ok\n" SMTP_QUIT, "clear mail; mail" },
    { "PRDR, refused by one", 25, PLAIN, SMTP_BARE PRDR "S: 550 no\nS: 250 ok\nS: 250 ok\n" SMTP_QUIT, "clear done; mail; 1 message" },
    { "PRDR, refused at the end", 25, PLAIN, SMTP_BARE PRDR "S: 250 ok\nS: 250 ok\nS: 550 no\n" SMTP_QUIT, "clear mail; mail" },
    { "PRDR, and a message behind", 25, PLAIN,
      SMTP_BARE PRDR "S: 550 no\nS: 450 no\nS: 250 ok\n"
      "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@mx>\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\n", "clear done; mail; 1 message" },
    { "a message that is refused", 25, PLAIN,
      SMTP_BARE SMTP_MAIL "C: RCPT TO:<b>\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 554 no\n",
          "clear mail; mail" },
    { "BDAT", 25, FRAGILE, SMTP_BARE SMTP_MAIL "C: RCPT TO:<b>\nS: 250 ok\nC: BDAT 8\nC: STARTTLS\n"
      "S: 250 ok\nC: 220 go\nS: 500 no\n",
      "clear mail; mail" },
    { "BDAT, two chunks", 25, FRAGILE,
      SMTP_BARE SMTP_MAIL "C: RCPT TO:<b>\nS: 250 ok\nC: BDAT 10\nC: STARTTLS\nS: 250 ok\nC: BDAT 0 LAST\n"
          "S: 250 ok\n",
      "clear done; mail; 1 message" },
    { "LMTP answers for each recipient", 24, PLAIN,
      "S: 220 mx LMTP\nC: LHLO c\nS: 250 mx\nC: MAIL FROM:<a>\nC: RCPT TO:<b>\nC: RCPT TO:<c>\nC: DATA\n"
      "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 ok\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
      "clear done; mail; 1 message" },
    { "a probe", 25, PLAIN, SMTP_BARE "C: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n" BOTH_FIN,
      "incomplete hello" },
    { "a greeting only", 25, PLAIN, "S: 220 mx\n" BOTH_FIN, "incomplete greeting" },
    { "refused in the greeting", 25, PLAIN, "S: 554 no\nC: QUIT\nS: 221 bye\n" BOTH_FIN,
      "incomplete greeting" },
    { "VRFY is mail", 25, PLAIN, SMTP_BARE "C: VRFY joe\nS: 252 maybe\n", "clear mail; mail" },

    /* what stands in bodies, arguments and texts changes nothing */
    { "keywords in a message", 25, PLAIN,
      SMTP_BARE SMTP_MAIL "C: RCPT TO:<b>\nS: 250 ok\nC: DATA\nS: 354 go\nC: STARTTLS\nC: 250-STARTTLS\n"
          "C: XXXXXXXX\n"
      "C: AUTH PLAIN AGh1bnRlcjI=\nC: ..\nC: .\nS: 250 ok\n", "clear done; mail; 1 message" },
    { "keywords in arguments", 25, PLAIN,
      "S: 220 STARTTLS ESMTP\nC: EHLO STARTTLS\nS: 250-mx STARTTLS\nS: 250-X-STARTTLS\nS: 250 SIZE STARTTLS\n"
      "C: NOOP STARTTLS\nS: 250 STARTTLS\nC: MAIL FROM:<STARTTLS>\nS: 250 STARTTLS ok\n",
      "clear mail; mail" },
    { "an offer in the first line of the list is the server's name", 25, PLAIN,
      "S: 220 mx\nC: EHLO c\nS: 250-STARTTLS\nS: 250 SIZE\n" SMTP_MAIL, "clear mail; mail" },
    { "a list that answers HELO is none", 25, PLAIN,
      "S: 220 mx\nC: HELO c\nS: 250-mx\nS: 250 STARTTLS\n" SMTP_MAIL, "clear mail; mail" },

    /* refused */
    { "refused for good", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nS: 502 no\n" SMTP_MAIL,
      "stripped mail; failed offered requested refused mail; refused_after_offer:likely" },
    { "refused for good, and it leaves", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nS: 502 no\nC: QUIT\nS: 221 bye\n"
      BOTH_FIN,
      "stripped tls; failed offered requested refused; refused_after_offer:likely" },
    { "refused for now", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nS: 454 no\n" SMTP_MAIL,
      "clear mail; failed offered requested refused mail; refused_for_now:possible" },
    { "421 means nothing", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nS: 421 busy\n" BOTH_FIN,
      "tls_failed tls; failed offered requested refused" },
    { "asked blindly, and refused", 25, PLAIN, SMTP_BARE "C: STARTTLS\nS: 502 no\n" SMTP_MAIL,
      "clear mail; failed requested refused mail" },
    { "with an argument", 25, PLAIN, SMTP_OFFER "C: STARTTLS now\nS: 501 no argument\n" SMTP_MAIL,
      "clear mail; failed offered requested refused mail" },
    { "within a transaction", 25, PLAIN, SMTP_OFFER SMTP_MAIL "C: STARTTLS\nS: 503 not now\n",
      "clear mail; failed offered requested refused mail" },
    { "unanswered, closed", 25, PLAIN, SMTP_OFFER "C: STARTTLS\n" BOTH_FIN,
      "tls_failed tls; failed offered requested" },
    { "unanswered, cut off", 25, PLAIN, SMTP_OFFER "C: STARTTLS\n", "incomplete tls; offered requested" },
    { "unanswered for half a minute", 25, PLAIN, SMTP_OFFER "C: STARTTLS\nC! wait 31\n",
      "tls_failed tls; failed offered requested" },
    { "accepted, then closed", 25, PLAIN, SMTP_OFFER SMTP_ASK BOTH_FIN,
      "tls_failed tls; failed offered requested accepted" },
    { "accepted, cut off", 25, PLAIN, SMTP_OFFER SMTP_ASK, "incomplete tls; offered requested accepted" },
    { "clear after the go-ahead", 25, PLAIN, SMTP_OFFER SMTP_ASK SMTP_HI "S: 250 mx\n" SMTP_MESSAGE,
      "clear done; failed offered requested accepted mail; clear_after_accept:possible; ! response_injection "
      "decrypted_mirror; 1 message" },
    { "clear after the go-ahead, the client first", 25, PLAIN,
      SMTP_OFFER SMTP_ASK "C: EHLO c\nS: 250 mx\n" SMTP_MESSAGE,
      "clear done; failed offered requested accepted mail; clear_after_accept:possible; "
      "! decrypted_mirror; 1 message" },

    /* masked */
    { "masked offer", 25, PLAIN, SMTP_HI "S: 250-mx\nS: 250-XXXXXXXX\nS: 250 SIZE\n" SMTP_MAIL,
      "stripped mail; mail; masked_capability:likely" },
    { "masked offer, Cisco", 25, PLAIN, SMTP_HI "S: 250-mx\nS: 250-SIZE\nS: 250 XXXXXXXA\n" SMTP_MAIL,
      "stripped mail; mail; masked_capability:likely" },
    { "masked at another length", 25, PLAIN, SMTP_HI "S: 250-mx\nS: 250 XXXXXX\n" SMTP_MAIL,
      "clear mail; mail; masked_capability:possible" },
    { "masked beside a real offer", 25, PLAIN, SMTP_HI "S: 250-mx\nS: 250-XXXXXXXX\nS: 250 STARTTLS\n"
      SMTP_MAIL,
      "clear mail; offered mail" },
    { "masked where another word stands", 25, PLAIN,
      SMTP_HI "S: 250-mx\nS: 250-PIPELINING\nS: 250-SIZE 1\nS: 250-ENHANCEDSTATUSCODES\nS: 250-XXXXXXXX\n"
          "S: 250 DSN\n"
      SMTP_MAIL, "clear mail; mail; masked_capability:possible" },
    { "anonymised by a person", 25, PLAIN, SMTP_HI "S: 250-mx\nS: 250 xxxxxxxx\n" SMTP_MAIL,
      "clear mail; mail" },
    { "masked in HELP is nothing", 25, PLAIN, SMTP_BARE "C: HELP\nS: 214-XXXXXXXX\nS: 214 done\n" SMTP_MAIL,
      "clear mail; mail" },
    { "masked command", 25, PLAIN, SMTP_OFFER "C: XXXXXXXX\nS: 500 what\n" SMTP_MAIL,
      "stripped mail; offered mail; masked_command:likely" },
    { "masked command, echoed", 25, PLAIN,
      SMTP_OFFER "C: STARTTLS\nS: 502 5.5.2 Error: \"XXXXXXXX\" not recognized\n" SMTP_MAIL,
      "stripped mail; failed offered requested refused mail; masked_command:likely; "
      "refused_after_offer:likely" },
    { "masked greeting", 25, PLAIN, "S: 220 *****************2***\nC: EHLO c\nS: 250 mx\n" SMTP_MAIL,
      "clear mail; mail; masked_greeting:possible" },
    { "EHLO refused by ESMTP", 25, PLAIN, "S: 220 mx ESMTP\nC: EHLO c\nS: 500 what\nC: HELO c\nS: 250 mx\n"
      SMTP_MAIL,
      "clear mail; mail helo_instead; hello_refused:possible" },
    { "EHLO refused by plain SMTP", 25, PLAIN, "S: 220 mx SMTP\nC: EHLO c\nS: 500 what\nC: HELO c\n"
      "S: 250 mx\n" SMTP_MAIL,
      "clear mail; mail helo_instead" },

    /* SMTP, authentication */
    { "AUTH PLAIN", 587, PLAIN, SMTP_AUTH "C: AUTH PLAIN AGpvZQBodW50ZXIy\nS: 235 ok\n" SMTP_MESSAGE,
      "clear_auth done; offered credential mail; AUTH PLAIN secret; 1 message" },
    { "AUTH LOGIN", 587, PLAIN, SMTP_AUTH "C: AUTH LOGIN\nS: 334 x\nC: am9l\nS: 334 x\nC: aHVudGVyMg==\n"
      "S: 535 no\n",
      "clear_auth auth; offered credential mail; AUTH LOGIN secret" },
    { "AUTH LOGIN, cancelled", 587, PLAIN, SMTP_AUTH "C: AUTH LOGIN\nS: 334 x\nC: am9l\nS: 334 x\nC: *\n"
      "S: 501 ok\n",
      "clear auth; offered mail; AUTH LOGIN none" },
    { "AUTH CRAM-MD5", 587, PLAIN, SMTP_AUTH "C: AUTH CRAM-MD5\nS: 334 x\nC: am9lIGFiYw==\nS: 235 ok\n",
      "clear_auth auth; offered credential mail; AUTH CRAM-MD5 guessable" },
    { "AUTH GSSAPI", 587, FRAGILE, SMTP_AUTH "C: AUTH GSSAPI YWJj\nS: 334 x\nC: YWJj\nS: 235 ok\n",
      "clear auth; offered mail; AUTH GSSAPI none" },
    { "AUTH with a password for a name", 587, PLAIN, SMTP_AUTH "C: AUTH hunter2\nS: 504 what\n",
      "clear auth; offered mail; AUTH unknown none" },
    { "AUTH by a name that was offered", 587, PLAIN, SMTP_AUTH "C: AUTH X-NEW YWJj\nS: 235 ok\n",
      "clear_auth auth; offered credential mail; AUTH X-NEW guessable" },
    { "AUTH by a name that was not", 587, PLAIN, SMTP_AUTH "C: AUTH X-OLD YWJj\nS: 504 no\n",
      "clear_auth auth; offered credential mail; AUTH unknown guessable" },
    { "the highest wins", 587, PLAIN,
      SMTP_AUTH "C: AUTH PLAIN AGpvZQBodW50ZXIy\nS: 535 no\nC: AUTH CRAM-MD5\nS: 334 x\nC: am9lIGFiYw==\n"
          "S: 235 ok\n",
      "clear_auth auth; offered credential mail; AUTH PLAIN secret" },
    { "AUTH without a mechanism", 587, PLAIN, SMTP_AUTH "C: AUTH\nS: 501 what\nC: QUIT\nS: 221 bye\n",
      "incomplete hello; offered" },
    { "STARTTLS as a SASL response", 587, FRAGILE, SMTP_AUTH "C: AUTH PLAIN\nS: 334\nC: STARTTLS\n"
      "S: 535 no\n",
      "clear_auth auth; offered credential mail; AUTH PLAIN secret" },

    /* TLS ports */
    { "implicit TLS, 1.3", 465, PLAIN, TLS_13 BOTH_FIN, "implicit_tls tls; tls_first tls_done" },
    { "implicit TLS, 1.2", 993, PLAIN, TLS_12 BOTH_FIN, "implicit_tls tls; tls_first tls_done" },
    { "another protocol by ALPN", 993, PLAIN,
      "C> hello web\nS> hello 1.3\nS> data 900\nC> data 53\nC> data 80\nS> data 90\n",
      "other tls; not_mail tls_first tls_done" },
    { "refused certificate of the client", 465, FRAGILE,
      "C> hello 1.3\nS> hello 1.3\nS> data 900\nC> data 53\nS> data 19\nS! fin\n",
      "tls_failed tls; tls_first failed alerted" },
    { "the client refuses with an alert", 465, PLAIN,
      "C> hello 1.3\nS> hello 1.3\nS> data 900\nC> data 19\nC! fin\n", "tls_failed tls; tls_first failed alerted" },
    { "early data is no Finished", 465, PLAIN, "C> hello early\nC~ data 200\nS> hello 1.3\nS> data 900\n",
      "incomplete tls; tls_first" },
    { "a fatal alert", 993, PLAIN, "C> hello 1.2\nS> fatal\nS! fin\n", "tls_failed tls; tls_first failed alerted" },
    { "a fatal alert of the client behind the ServerHello", 993, PLAIN,
      "C> hello 1.2\nS> hello 1.2\nC> fatal\nC! fin\n", "tls_failed tls; tls_first failed alerted" },
    { "closed within the handshake", 993, PLAIN, "C> hello 1.2\nS> hello 1.2\n" BOTH_FIN,
      "tls_failed tls; tls_first failed" },
    { "cut off within the handshake", 993, FRAGILE, "C> hello 1.2\nS> hello 1.2\nC> ccs\nC> finished\n",
      "incomplete tls; tls_first" },
    { "a ClientHello that nobody answers", 993, PLAIN, "C> hello 1.2\nC! wait 31\n",
      "tls_failed tls; tls_first failed" },
    { "a ClientHello answered in clear", 465, PLAIN, "C> hello 1.3\nS: 220 mx ESMTP\n" BOTH_FIN,
      "tls_failed tls; tls_first failed; ! plaintext_on_tls_port" },
    { "a suite without encryption", 993, FRAGILE,
      "C> hello 1.2\nS> hello null\nC> ccs\nC> finished\nS> ccs\nS> finished\n" BOTH_FIN,
      "tls_failed tls; tls_first failed; ! null_encryption" },
    { "clear on a TLS port", 465, PLAIN, SMTP_BARE SMTP_MESSAGE,
      "clear done; mail; ! plaintext_on_tls_port; 1 message" },
    { "TLS from the first byte on a port that upgrades", 25, PLAIN, TLS_13,
      "implicit_tls tls; tls_first tls_done" },
    { "SSLv2 hello, then 1.2", 465, PLAIN, "C> hello SSLv2\nS> hello 1.2\nC> ccs\nC> finished\nS> ccs\n"
      "S> finished\n",
      "implicit_tls tls; tls_first tls_done" },

    /* other protocols */
    { "HTTP", 25, PLAIN, "C: GET / HTTP/1.1\nC: Host: x\nC:\nS: HTTP/1.1 400 no\n" BOTH_FIN,
      "other connect; not_mail" },
    { "SSH", 25, PLAIN, "S: SSH-2.0-x\nC: SSH-2.0-y\n" BOTH_FIN, "other connect; not_mail" },
    { "FTP", 25, PLAIN, "S: 220 ftp\nC: USER joe\nS: 331 password\nC: PASS hunter2\nS: 230 in\n" BOTH_FIN,
      "other greeting; not_mail" },

    /* IMAP */
    { "IMAP STARTTLS", 143, PLAIN, IMAP_OFFER "C: b STARTTLS\nS: b OK go\n" TLS_13,
      "starttls tls; tls_done offered requested accepted" },
    { "IMAP capabilities in the greeting", 143, PLAIN,
      "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi\nC: b STARTTLS\nS: b OK go\n" TLS_12,
      "starttls tls; tls_done offered requested accepted" },
    { "IMAP refused", 143, PLAIN, IMAP_OFFER "C: b STARTTLS\nS: b BAD no\nC: c LOGIN joe hunter2\nS: c OK\n",
      "stripped auth; failed offered requested refused credential mail; refused_after_offer:likely; "
      "LOGIN LOGIN secret" },
    { "IMAP masked", 143, PLAIN, IMAP_HI "C: a CAPABILITY\nS: * CAPABILITY IMAP4rev1 XXXXXXXX IDLE\nS: a OK\n"
      IMAP_SELECT,
      "stripped mail; mail; masked_capability:likely" },
    { "IMAP masked command", 143, PLAIN, IMAP_OFFER "C: b XXXXXXXX\nS: b BAD what\n" IMAP_SELECT,
      "stripped mail; offered mail; masked_command:likely" },
    { "IMAP LOGIN", 143, PLAIN, IMAP_HI "C: a LOGIN joe hunter2\nS: a NO no\n",
      "clear_auth auth; credential mail; LOGIN LOGIN secret" },
    { "IMAP LOGIN, the user name only", 143, PLAIN, IMAP_HI "C: a LOGIN joe {7}\nS: a BAD no\n",
      "clear auth; mail; LOGIN LOGIN none" },
    { "IMAP LOGIN by literals", 143, PLAIN, IMAP_HI "C: a LOGIN {3}\nS: + go\nC: joe {7}\nS: + go\n"
      "C: hunter2\nS: a OK in\n",
      "clear_auth auth; credential mail; LOGIN LOGIN secret" },
    { "IMAP LOGIN by literals that wait for nothing", 143, PLAIN, IMAP_HI
      "C: a LOGIN {3+}\nC: joe {7+}\nC: hunter2\nS: a OK in\n",
      "clear_auth auth; credential mail; LOGIN LOGIN secret" },
    { "IMAP LOGIN with an empty password", 143, PLAIN, IMAP_HI "C: a LOGIN joe {0+}\nC:\nS: a NO no\n",
      "clear auth; mail; LOGIN LOGIN none" },
    { "IMAP SASL-IR", 143, PLAIN, IMAP_HI "C: a AUTHENTICATE PLAIN AGpvZQBodW50ZXIy\nS: a OK in\n"
      IMAP_SELECT,
      "clear_auth mail; credential mail; AUTHENTICATE PLAIN secret" },
    { "IMAP AUTHENTICATE", 143, PLAIN, IMAP_HI "C: a AUTHENTICATE PLAIN\nS: +\nC: AGpvZQBodW50ZXIy\n"
      "S: a NO no\n",
      "clear_auth auth; credential mail; AUTHENTICATE PLAIN secret" },
    { "IMAP PREAUTH", 143, PLAIN, "S: * PREAUTH hi\n" IMAP_SELECT, "clear mail; mail; ! preauth" },
    { "IMAP referral", 143, PLAIN, IMAP_HI "C: a SELECT x\nS: a NO [REFERRAL imap://evil/] go\n",
      "clear mail; mail; ! referral_before_tls" },
    { "IMAP keywords in literals", 143, PLAIN,
      IMAP_HI "C: a APPEND INBOX {14}\nS: + go\nC: x STARTTLS\nC. \nC:\nS: a OK done\nC: b FETCH 1 BODY[]\n"
      "S: * 1 FETCH (BODY[] {21}\nS: * CAPABILITY STARTTLS)\nS: b OK done\n", "clear done; mail" },
    { "IMAP keywords in arguments", 143, PLAIN,
      IMAP_HI "C: STARTTLS SELECT STARTTLS\nS: * LIST () \"/\" STARTTLS\nS: STARTTLS OK STARTTLS\n",
          "clear mail; mail" },
    { "IMAP answers in another order", 143, PLAIN, IMAP_OFFER "C: b NOOP\nC: c STARTTLS\nS: c NO no\n"
      "S: b OK\n",
      "stripped tls; failed offered requested refused; refused_after_offer:likely" },
    { "IMAP, a probe", 143, PLAIN, IMAP_OFFER "C: b LOGOUT\nS: * BYE\nS: b OK\n" BOTH_FIN,
      "incomplete hello; offered" },
    { "IMAP capabilities behind a login say nothing", 143, PLAIN,
      IMAP_HI "C: a LOGIN joe hunter2\nS: a OK [CAPABILITY IMAP4rev1 STARTTLS XXXXXXXX] in\n",
      "clear_auth auth; credential mail; LOGIN LOGIN secret" },

    /* POP3 */
    { "POP3 STLS", 110, PLAIN, POP3_OFFER "C: STLS\nS: +OK go\n" TLS_13,
      "starttls tls; tls_done offered requested accepted" },
    { "POP3 login", 110, PLAIN, POP3_OFFER POP3_LOGIN "C: STAT\nS: +OK 1 10\nC: RETR 1\nS: +OK\n"
      "S: Subject: STLS\nS: STLS\nS: .\n"
      "C: QUIT\nS: +OK\n", "clear_auth done; offered credential mail; USER USER secret; 1 message" },
    { "POP3 refused", 110, PLAIN, POP3_OFFER "C: STLS\nS: -ERR no\n" POP3_LOGIN,
      "stripped auth; failed offered requested refused credential mail; refused_after_offer:likely; "
      "USER USER secret" },
    { "POP3 masked", 110, PLAIN, POP3_HI "C: CAPA\nS: +OK\nS: USER\nS: UIDL\nS: SASL PLAIN\nS: XXXX\nS: .\n"
      POP3_LOGIN,
      "stripped auth; credential mail; masked_capability:likely; USER USER secret" },
    { "POP3 masked, but what", 110, PLAIN, POP3_HI "C: CAPA\nS: +OK\nS: USER\nS: XXXX\nS: SASL PLAIN\nS: .\n"
      POP3_LOGIN,
      "clear_auth auth; credential mail; masked_capability:possible; USER USER secret" },
    { "POP3 user only", 110, PLAIN, POP3_HI "C: USER joe\nS: -ERR no\nC: QUIT\nS: +OK\n",
      "clear auth; mail; USER USER none" },
    { "POP3 APOP", 110, PLAIN, "S: +OK <1@x>\nC: APOP joe c4c9334b\nS: +OK\n",
      "clear_auth auth; credential mail; APOP APOP guessable" },
    { "POP3 AUTH", 110, PLAIN, POP3_OFFER "C: AUTH PLAIN\nS: +\nC: AGpvZQBodW50ZXIy\nS: +OK\n",
      "clear_auth auth; offered credential mail; AUTH PLAIN secret" },
    { "POP3 AUTH lists", 110, PLAIN, POP3_HI "C: AUTH\nS: +OK\nS: PLAIN\nS: STLS\nS: .\nC: QUIT\nS: +OK\n",
      "incomplete greeting" },
    { "POP3 keywords", 110, PLAIN,
      POP3_HI POP3_LOGIN "C: LIST STLS\nS: -ERR STLS\nC: TOP 1 0\nS: +OK\nS: STLS\nS: ..\nS: XXXX\nS: .\n"
          "C: NOOP\nS: +OK STLS\n",
      "clear_auth mail; credential mail; USER USER secret" },

    /* ManageSieve */
    { "Sieve STARTTLS", 4190, PLAIN, SIEVE_OFFER "C: STARTTLS\nS: OK\n" TLS_13,
      "starttls tls; tls_done offered requested accepted" },
    { "Sieve refused", 4190, PLAIN, SIEVE_OFFER "C: STARTTLS\nS: NO\nC: LISTSCRIPTS\nS: OK\n",
      "stripped done; failed offered requested refused mail; refused_after_offer:likely" },
    { "Sieve AUTHENTICATE", 4190, PLAIN, SIEVE_OFFER "C: AUTHENTICATE \"PLAIN\" \"AGpvZQBodW50ZXIy\"\n"
      "S: OK\n",
      "clear_auth auth; offered credential mail; AUTHENTICATE PLAIN secret" },
    { "Sieve AUTHENTICATE by a literal", 4190, PLAIN,
      SIEVE_OFFER "C: AUTHENTICATE \"PLAIN\" {16+}\nC: AGpvZQBodW50ZXIy\nS: OK\nC: PUTSCRIPT \"a\" {10+}\n"
          "C: STARTTLS\nC:\nS: OK\n",
      "clear_auth done; offered credential mail; AUTHENTICATE PLAIN secret" },
    { "Sieve empty literal", 4190, PLAIN,
      SIEVE_OFFER "C: NOOP {0+}\nC:\nS: OK\nC: STARTTLS\nS: NO\n",
      "stripped tls; failed offered requested refused; refused_after_offer:likely" },
    { "Sieve masked", 4190, PLAIN, "S: \"SIEVE\" \"x\"\nS: \"XXXXXXXX\"\nS: OK\nC: LISTSCRIPTS\nS: OK\n",
      "stripped done; mail; masked_capability:likely" },

    /* mid-stream */
    { "TLS under way", 993, MIDSTREAM, "C> data 100\nS> data 100\nC> data 90\nS> data 90\nC> data 80\n"
      "S> data 80\n",
      "implicit_tls tls; tls_first tls_done" },
    { "TLS under way on a port that upgrades", 25, MIDSTREAM,
      "C> data 100\nS> data 100\nC> data 90\nS> data 90\nC> data 80\nS> data 80\n",
      "starttls tls; tls_done" },
    { "two records are too few", 993, MIDSTREAM, "C> data 100\nS> data 100\nC> data 90\nS> data 90\n",
      "incomplete tls; tls_first" },
    { "a transaction under way", 25, MIDSTREAM, "C: MAIL FROM:<a>\nS: 250 ok\nC: RCPT TO:<b>\nS: 250 ok\n",
      "clear mail; mail" },
    { "a body under way", 25, MIDSTREAM, "C: STARTTLS\nC: XXXXXXXX\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
      "clear done; mail; 1 message" },
};

/* --- section 4: from which message on it counts --- */

static const struct {
    const char *name;
    uint16_t port;
    const char *before, *exchange;
    const char *exposure;               /* after each message of the client */
} exposures[] = {
    { "PLAIN, initial", 587, SMTP_BARE, "C: AUTH PLAIN AGpvZQBodW50ZXIy\nS: 235 ok\n", "secret" },
    { "PLAIN, initial, refused", 587, SMTP_BARE, "C: AUTH PLAIN AGpvZQBodW50ZXIy\nS: 504 no\n", "secret" },
    { "PLAIN", 587, SMTP_BARE, "C: AUTH PLAIN\nS: 334\nC: AGpvZQBodW50ZXIy\nS: 235 ok\n", "none secret" },
    { "PLAIN, refused first", 587, SMTP_BARE, "C: AUTH PLAIN\nS: 504 no\nC: QUIT\n", "none none" },
    { "PLAIN, empty", 587, SMTP_BARE, "C: AUTH PLAIN =\nS: 535 no\nC: QUIT\n", "none none" },
    { "PLAIN, cancelled", 587, SMTP_BARE, "C: AUTH PLAIN\nS: 334\nC: *\nS: 501\n", "none none" },
    { "XOAUTH2", 587, SMTP_BARE, "C: AUTH XOAUTH2 YWJj\nS: 334 e30=\nC:\nS: 535\n", "secret secret" },
    { "OAUTHBEARER", 587, SMTP_BARE, "C: AUTH OAUTHBEARER\nS: 334\nC: YWJj\nS: 235\n", "none secret" },
    { "LOGIN", 587, SMTP_BARE, "C: AUTH LOGIN\nS: 334 x\nC: am9l\nS: 334 x\nC: aHVudGVyMg==\nS: 235\n",
      "none none secret" },
    { "LOGIN, user in the command", 587, SMTP_BARE, "C: AUTH LOGIN am9l\nS: 334 x\nC: aHVudGVyMg==\nS: 235\n",
      "none secret" },
    { "CRAM-MD5", 587, SMTP_BARE, "C: AUTH CRAM-MD5\nS: 334 x\nC: YWJj\nS: 235\n", "none guessable" },
    { "DIGEST-MD5", 587, SMTP_BARE, "C: AUTH DIGEST-MD5\nS: 334 x\nC: YWJj\nS: 334 x\nC:\nS: 235\n",
      "none guessable guessable" },
    { "NTLM", 587, SMTP_BARE,
      "C: AUTH NTLM\nS: 334\nC: TlRMTVNTUAABAAAAB4IIogAAAAA=\nS: 334 x\nC: TlRMTVNTUAADAAAAGAAYAEAAAAA=\n"
      "S: 235\n",
      "none none guessable" },
    { "SCRAM", 587, SMTP_BARE, "C: AUTH SCRAM-SHA-256 bixhLG49am9l\nS: 334 x\nC: Yz1iaXdz\nS: 235\n",
      "none guessable" },
    { "OTP", 587, SMTP_BARE, "C: AUTH OTP\nS: 334\nC: YWJj\nS: 334\n", "none guessable" },
    { "SECURID", 587, SMTP_BARE, "C: AUTH SECURID YWJj\nS: 334\n", "guessable" },
    { "an unknown one", 587, SMTP_BARE, "C: AUTH FOO\nS: 334\nC: YWJj\nS: 235\n", "none guessable" },
    { "GSSAPI", 587, SMTP_BARE, "C: AUTH GSSAPI YWJj\nS: 334\nC: YWJj\nS: 334\nC: YWJj\nS: 235\n",
      "none none none" },
    { "EXTERNAL", 587, SMTP_BARE, "C: AUTH EXTERNAL am9l\nS: 235\n", "none" },
    { "ANONYMOUS", 587, SMTP_BARE, "C: AUTH ANONYMOUS am9l\nS: 235\n", "none" },
    { "USER and PASS", 110, POP3_HI, "C: USER joe\nS: +OK\nC: PASS hunter2\nS: -ERR\n", "none secret" },
    { "PASS of blanks and words", 110, POP3_HI, "C: USER joe\nS: +OK\nC: PASS a b\nS: +OK\n", "none secret" },
    { "APOP", 110, "S: +OK <1@x>\n", "C: APOP joe c4c9334b\nS: -ERR\n", "guessable" },
    { "POP3 AUTH", 110, POP3_HI, "C: AUTH PLAIN\nS: +\nC: AGpvZQBodW50ZXIy\nS: +OK\n", "none secret" },
    { "IMAP LOGIN", 143, IMAP_HI, "C: a LOGIN joe hunter2\nS: a NO\n", "secret" },
    { "IMAP LOGIN, quoted", 143, IMAP_HI, "C: a LOGIN \"jo e\" \"hun\\\"ter2\"\nS: a NO\n", "secret" },
    { "IMAP LOGIN by literals", 143, IMAP_HI, "C: a LOGIN {3}\nS: + go\nC: joe {7}\nS: + go\nC: hunter2\n"
      "S: a OK\n",
      "none none secret" },
    { "IMAP LOGIN, literal refused", 143, IMAP_HI, "C: a LOGIN joe {7}\nS: a NO\nC: b LOGOUT\n",
      "none none" },
    { "IMAP AUTHENTICATE LOGIN", 143, IMAP_HI, "C: a AUTHENTICATE LOGIN\nS: + x\nC: am9l\nS: + x\n"
      "C: aHVudGVyMg==\nS: a OK\n",
      "none none secret" },
    { "Sieve PLAIN", 4190, SIEVE_OFFER, "C: AUTHENTICATE \"PLAIN\"\nS: \"\"\nC: \"AGpvZQBodW50ZXIy\"\n"
      "S: OK\n", "none secret" },
    { "Sieve LOGIN", 4190, SIEVE_OFFER,
      "C: AUTHENTICATE \"LOGIN\"\nS: \"x\"\nC: \"am9l\"\nS: \"x\"\nC: \"aHVudGVyMg==\"\nS: OK\n",
      "none none secret" },
};

#endif
