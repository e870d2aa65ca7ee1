-- The modes of a user as they are now.
UPDATE users
SET bot = coalesce(?2, bot), stays = coalesce(?3, stays), invisible = coalesce(?4, invisible),
    operator = coalesce(?5, operator), wallops = coalesce(?6, wallops)
WHERE id = ?1
