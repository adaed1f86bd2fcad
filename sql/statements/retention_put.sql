UPDATE retention SET
    clock_us = ?1, leapt_us = ?2, before_us = ?3, marked_before_us = ?4, sessions = sessions + ?5, marked = marked + ?6,
    for_room = for_room + ?7, addresses = addresses + ?8,
    folded = ?9;
