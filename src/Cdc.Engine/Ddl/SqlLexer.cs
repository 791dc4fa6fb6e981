namespace Cdc.Engine.Ddl;

/// <summary>What a piece of SQL text is.</summary>
public enum SqlTokenKind
{
    /// <summary>Nothing is left.</summary>
    End,
    /// <summary>A keyword or a name without quotes.</summary>
    Word,
    /// <summary>A name in double quotes.</summary>
    Name,
    /// <summary>A string of any form.</summary>
    Text,
    Number,
    /// <summary>One character of anything else.</summary>
    Symbol,
    /// <summary>What follows can't be told apart: a quote that never ends, or one whose end depends on a setting of the
    /// session. Nothing is read behind it.</summary>
    Unclear,
}

/// <summary>A piece of SQL text, as it stands there.</summary>
public readonly ref struct SqlToken(SqlTokenKind kind, ReadOnlySpan<char> text)
{
    public SqlTokenKind Kind { get; } = kind;
    public ReadOnlySpan<char> Text { get; } = text;

    public bool IsWord(ReadOnlySpan<char> word) =>
        Kind == SqlTokenKind.Word && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSymbol(char symbol) => Kind == SqlTokenKind.Symbol && Text[0] == symbol;

    /// <summary>The name that a word or a quoted name stands for, as the server stores it.</summary>
    public string ToName() => Kind == SqlTokenKind.Name
        ? Text[1..^1].ToString().Replace("\"\"", "\"", StringComparison.Ordinal)
        : string.Create(Text.Length, Text, static (name, text) =>
        {
            for (int i = 0; i < name.Length; i++)
                name[i] = char.IsAsciiLetterUpper(text[i]) ? (char)(text[i] | 0x20) : text[i];
        });
}

/// <summary>Cuts PostgreSQL's SQL into its pieces, without comments and blanks. Any text is read to its end or to what
/// is unclear; nothing is refused.</summary>
public ref struct SqlLexer(ReadOnlySpan<char> sql)
{
    ReadOnlySpan<char> _rest = sql;

    public SqlToken Next()
    {
        if (!SkipBlanks()) return Unclear();
        if (_rest.IsEmpty) return new(SqlTokenKind.End, default);
        char first = _rest[0];
        if (IsPrefixedString(out int quote, out bool escapes)) return String(quote, escapes);
        if (IsWordStart(first)) return Take(SqlTokenKind.Word, WordLength(0));
        if (char.IsAsciiDigit(first)) return Take(SqlTokenKind.Number, NumberLength());
        return first switch
        {
            '\'' => String(0, escapes: false),
            '"' => Quoted(),
            '$' => Dollar(),
            _ => Take(SqlTokenKind.Symbol, 1),
        };
    }

    // False if a comment never ends.
    bool SkipBlanks()
    {
        while (!_rest.IsEmpty)
        {
            if (_rest[0] is ' ' or '\t' or '\n' or '\r' or '\f' or '\v')
            {
                _rest = _rest[1..];
            }
            else if (_rest.StartsWith("--"))
            {
                int end = _rest.IndexOfAny('\n', '\r');
                _rest = end < 0 ? default : _rest[end..];
            }
            else if (_rest.StartsWith("/*"))
            {
                int end = CommentLength();
                if (end < 0) return false;
                _rest = _rest[end..];
            }
            else
            {
                break;
            }
        }
        return true;
    }

    // Comments nest.
    readonly int CommentLength()
    {
        int depth = 0;
        for (int at = 0; at + 1 < _rest.Length; at++)
        {
            if (_rest[at] == '/' && _rest[at + 1] == '*') depth++;
            else if (_rest[at] == '*' && _rest[at + 1] == '/') depth--;
            else continue;
            at++;
            if (depth == 0) return at + 1;
        }
        return -1;
    }

    // E'…', B'…', X'…', N'…', U&'…', and U&"…", whose quote decides.
    readonly bool IsPrefixedString(out int quote, out bool escapes)
    {
        (quote, escapes) = (1, _rest[0] is 'e' or 'E');
        if (_rest.Length < 2) return false;
        if (_rest[0] is 'e' or 'E' or 'b' or 'B' or 'x' or 'X' or 'n' or 'N') return _rest[1] == '\'';
        quote = 2;
        return _rest[0] is 'u' or 'U' && _rest[1] == '&' && _rest.Length > 2 && _rest[2] == '\'';
    }

    SqlToken String(int quote, bool escapes)
    {
        for (int at = quote + 1; at < _rest.Length; at++)
        {
            if (_rest[at] == '\\')
            {
                // Without the letter E it is a setting that says whether the next character is escaped.
                if (!escapes && at + 1 < _rest.Length && _rest[at + 1] is '\'' or '\\') return Unclear();
                if (escapes) at++;
            }
            else if (_rest[at] == '\'')
            {
                if (at + 1 == _rest.Length || _rest[at + 1] != '\'') return Take(SqlTokenKind.Text, at + 1);
                at++;
            }
        }
        return Unclear();
    }

    SqlToken Quoted()
    {
        for (int at = 1; at < _rest.Length; at++)
        {
            if (_rest[at] != '"') continue;
            if (at + 1 == _rest.Length || _rest[at + 1] != '"') return Take(SqlTokenKind.Name, at + 1);
            at++;
        }
        return Unclear();
    }

    // $tag$…$tag$, or a parameter's $1.
    SqlToken Dollar()
    {
        int tag = 1;
        if (_rest.Length > 1 && IsWordStart(_rest[1]))
        {
            while (tag < _rest.Length && IsWordPart(_rest[tag]) && _rest[tag] != '$') tag++;
        }
        if (tag >= _rest.Length || _rest[tag] != '$') return Take(SqlTokenKind.Symbol, 1);
        ReadOnlySpan<char> delimiter = _rest[..(tag + 1)];
        int end = _rest[delimiter.Length..].IndexOf(delimiter, StringComparison.Ordinal);
        return end < 0 ? Unclear() : Take(SqlTokenKind.Text, end + 2 * delimiter.Length);
    }

    readonly int WordLength(int from)
    {
        int at = from;
        while (at < _rest.Length && IsWordPart(_rest[at])) at++;
        return at;
    }

    readonly int NumberLength()
    {
        int at = 0;
        while (at < _rest.Length && (IsWordPart(_rest[at]) || _rest[at] == '.')) at++;
        return at;
    }

    SqlToken Take(SqlTokenKind kind, int length)
    {
        SqlToken token = new(kind, _rest[..length]);
        _rest = _rest[length..];
        return token;
    }

    SqlToken Unclear() => Take(SqlTokenKind.Unclear, _rest.Length);

    static bool IsWordStart(char c) => char.IsAsciiLetter(c) || c == '_' || c >= 0x80;

    static bool IsWordPart(char c) => IsWordStart(c) || char.IsAsciiDigit(c) || c == '$';
}
