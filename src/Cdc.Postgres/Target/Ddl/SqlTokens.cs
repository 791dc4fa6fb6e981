namespace Cdc.Postgres.Target.Ddl;

/// <summary>What a piece of SQL is.</summary>
internal enum SqlTokenKind
{
    End,
    /// <summary>A name or keyword without quotes; its value is in small letters.</summary>
    Word,
    /// <summary>A name in double quotes; its value is without them.</summary>
    Quoted,
    /// <summary>A string or number constant.</summary>
    Constant,
    /// <summary>One character of anything else.</summary>
    Symbol,
}

/// <param name="Value">Of a name its content, of anything else its text.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, string Value, int Start, int End)
{
    public bool IsName => Kind is SqlTokenKind.Word or SqlTokenKind.Quoted;

    public bool Is(string wordOrSymbol) =>
        Kind is SqlTokenKind.Word or SqlTokenKind.Symbol && Value == wordOrSymbol;
}

/// <summary>Cuts SQL into tokens, as far as names must be told from strings and comments.</summary>
internal static class SqlTokens
{
    /// <summary>Ends with one <see cref="SqlTokenKind.End"/>.</summary>
    public static List<SqlToken> Of(string sql)
    {
        List<SqlToken> tokens = [];
        for (int at = 0; at < sql.Length;)
        {
            int next = Skip(sql, at);
            if (next == at)
            {
                SqlToken token = Read(sql, at);
                tokens.Add(token);
                next = token.End;
            }
            at = next;
        }
        tokens.Add(new(SqlTokenKind.End, "", sql.Length, sql.Length));
        return tokens;
    }

    // White space and comments; those of the second kind nest.
    static int Skip(string sql, int at)
    {
        if (char.IsWhiteSpace(sql[at])) return at + 1;
        if (Has(sql, at, "--"))
        {
            int end = sql.IndexOf('\n', at);
            return end < 0 ? sql.Length : end;
        }
        if (!Has(sql, at, "/*")) return at;
        int depth = 0;
        do
        {
            int step = Has(sql, at, "/*") ? 1 : Has(sql, at, "*/") ? -1 : 0;
            depth += step;
            at += step == 0 ? 1 : 2;
        }
        while (depth > 0 && at < sql.Length);
        return Math.Min(at, sql.Length);
    }

    static SqlToken Read(string sql, int at)
    {
        char first = sql[at];
        if (first == '"') return ReadQuoted(sql, at);
        if (first == '\'') return Constant(sql, at, EndOfString(sql, at, false));
        if (first is 'e' or 'E' && Has(sql, at + 1, "'")) return Constant(sql, at, EndOfString(sql, at + 1, true));
        if (first is 'b' or 'B' or 'x' or 'X' or 'n' or 'N' && Has(sql, at + 1, "'"))
            return Constant(sql, at, EndOfString(sql, at + 1, false));
        if (first == '$' && EndOfDollars(sql, at) is { } dollars) return Constant(sql, at, dollars);
        if (IsNameStart(first)) return ReadWord(sql, at);
        if (!char.IsAsciiDigit(first)) return new(SqlTokenKind.Symbol, sql[at..(at + 1)], at, at + 1);
        int end = at;
        while (end < sql.Length && (char.IsAsciiLetterOrDigit(sql[end]) || sql[end] is '.' or '_')) end++;
        return Constant(sql, at, end);
    }

    static SqlToken ReadWord(string sql, int at)
    {
        int end = at;
        while (end < sql.Length && (IsNameStart(sql[end]) || char.IsAsciiDigit(sql[end]) || sql[end] == '$')) end++;
        // Only ASCII is folded, as the server does with UTF-8.
        string folded = string.Create(end - at, (sql, at), static (span, from) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                char c = from.sql[from.at + i];
                span[i] = char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
            }
        });
        return new(SqlTokenKind.Word, folded, at, end);
    }

    static SqlToken ReadQuoted(string sql, int at)
    {
        int end = EndOfQuotes(sql, at, '"', false);
        string content = end - 1 > at ? sql[(at + 1)..(end - 1)] : "";
        return new(SqlTokenKind.Quoted, content.Replace("\"\"", "\"", StringComparison.Ordinal), at, end);
    }

    static SqlToken Constant(string sql, int at, int end) => new(SqlTokenKind.Constant, sql[at..end], at, end);

    static int EndOfString(string sql, int at, bool escapes) => EndOfQuotes(sql, at, '\'', escapes);

    static int EndOfQuotes(string sql, int at, char quote, bool escapes)
    {
        for (int i = at + 1; i < sql.Length; i++)
        {
            if (escapes && sql[i] == '\\') i++;
            else if (sql[i] == quote && !(i + 1 < sql.Length && sql[i + 1] == quote)) return i + 1;
            else if (sql[i] == quote) i++;
        }
        return sql.Length;
    }

    static int? EndOfDollars(string sql, int at)
    {
        int tag = at + 1;
        while (tag < sql.Length && (IsNameStart(sql[tag]) || (tag > at + 1 && char.IsAsciiDigit(sql[tag])))) tag++;
        if (tag >= sql.Length || sql[tag] != '$') return null;
        string mark = sql[at..(tag + 1)];
        int end = sql.IndexOf(mark, tag + 1, StringComparison.Ordinal);
        return end < 0 ? sql.Length : end + mark.Length;
    }

    static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_' || c >= 0x80;

    static bool Has(string sql, int at, string text) =>
        at < sql.Length && sql.AsSpan(at).StartsWith(text, StringComparison.Ordinal);
}
