INSERT INTO certificate (sha256, subject, issuer, not_before, not_after, self_signed) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
