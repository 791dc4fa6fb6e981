namespace Cdc.Protocol.Messages.Wire;

/// <summary>Defines a record field by field: <c>Fields.Of&lt;T&gt;().With(…).With(…).Make(…)</c>.</summary>
static class Fields
{
    public static Fields<T> Of<T>() => default;

    public static string NameOf(Type type) =>
        type.DeclaringType is { } outer ? $"{outer.Name}.{type.Name}" : type.Name;
}

readonly struct Fields<T>
{
    public Fields<T, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get) =>
        new(new(name, shape, get));
}

sealed class Fields<T, T1>(Field<T, T1> last)
{
    public Field<T, T1> F1 => last;

    public Fields<T, T1, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get) =>
        new(this, new(name, shape, get));

    public Fields<T, T1, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get, byte since, TNext otherwise) =>
        new(this, new(name, shape, get, since, otherwise));

    public Shape<T> Make(Func<T1, T> make) =>
        new Record<T, T1>(Fields.NameOf(typeof(T)), this, make);
}

sealed class Fields<T, T1, T2>(
    Fields<T, T1> before, Field<T, T2> last)
{
    public Field<T, T1> F1 => before.F1;
    public Field<T, T2> F2 => last;

    public Fields<T, T1, T2, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get) =>
        new(this, new(name, shape, get));

    public Fields<T, T1, T2, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get, byte since, TNext otherwise) =>
        new(this, new(name, shape, get, since, otherwise));

    public Shape<T> Make(Func<T1, T2, T> make) =>
        new Record<T, T1, T2>(Fields.NameOf(typeof(T)), this, make);
}

sealed class Fields<T, T1, T2, T3>(
    Fields<T, T1, T2> before, Field<T, T3> last)
{
    public Field<T, T1> F1 => before.F1;
    public Field<T, T2> F2 => before.F2;
    public Field<T, T3> F3 => last;

    public Fields<T, T1, T2, T3, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get) =>
        new(this, new(name, shape, get));

    public Fields<T, T1, T2, T3, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get, byte since, TNext otherwise) =>
        new(this, new(name, shape, get, since, otherwise));

    public Shape<T> Make(Func<T1, T2, T3, T> make) =>
        new Record<T, T1, T2, T3>(Fields.NameOf(typeof(T)), this, make);
}

sealed class Fields<T, T1, T2, T3, T4>(
    Fields<T, T1, T2, T3> before, Field<T, T4> last)
{
    public Field<T, T1> F1 => before.F1;
    public Field<T, T2> F2 => before.F2;
    public Field<T, T3> F3 => before.F3;
    public Field<T, T4> F4 => last;

    public Fields<T, T1, T2, T3, T4, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get) =>
        new(this, new(name, shape, get));

    public Fields<T, T1, T2, T3, T4, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get, byte since, TNext otherwise) =>
        new(this, new(name, shape, get, since, otherwise));

    public Shape<T> Make(Func<T1, T2, T3, T4, T> make) =>
        new Record<T, T1, T2, T3, T4>(Fields.NameOf(typeof(T)), this, make);
}

sealed class Fields<T, T1, T2, T3, T4, T5>(
    Fields<T, T1, T2, T3, T4> before, Field<T, T5> last)
{
    public Field<T, T1> F1 => before.F1;
    public Field<T, T2> F2 => before.F2;
    public Field<T, T3> F3 => before.F3;
    public Field<T, T4> F4 => before.F4;
    public Field<T, T5> F5 => last;

    public Fields<T, T1, T2, T3, T4, T5, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get) =>
        new(this, new(name, shape, get));

    public Fields<T, T1, T2, T3, T4, T5, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get, byte since, TNext otherwise) =>
        new(this, new(name, shape, get, since, otherwise));

    public Shape<T> Make(Func<T1, T2, T3, T4, T5, T> make) =>
        new Record<T, T1, T2, T3, T4, T5>(Fields.NameOf(typeof(T)), this, make);
}

sealed class Fields<T, T1, T2, T3, T4, T5, T6>(
    Fields<T, T1, T2, T3, T4, T5> before, Field<T, T6> last)
{
    public Field<T, T1> F1 => before.F1;
    public Field<T, T2> F2 => before.F2;
    public Field<T, T3> F3 => before.F3;
    public Field<T, T4> F4 => before.F4;
    public Field<T, T5> F5 => before.F5;
    public Field<T, T6> F6 => last;

    public Fields<T, T1, T2, T3, T4, T5, T6, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get) =>
        new(this, new(name, shape, get));

    public Fields<T, T1, T2, T3, T4, T5, T6, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get, byte since, TNext otherwise) =>
        new(this, new(name, shape, get, since, otherwise));

    public Shape<T> Make(Func<T1, T2, T3, T4, T5, T6, T> make) =>
        new Record<T, T1, T2, T3, T4, T5, T6>(Fields.NameOf(typeof(T)), this, make);
}

sealed class Fields<T, T1, T2, T3, T4, T5, T6, T7>(
    Fields<T, T1, T2, T3, T4, T5, T6> before, Field<T, T7> last)
{
    public Field<T, T1> F1 => before.F1;
    public Field<T, T2> F2 => before.F2;
    public Field<T, T3> F3 => before.F3;
    public Field<T, T4> F4 => before.F4;
    public Field<T, T5> F5 => before.F5;
    public Field<T, T6> F6 => before.F6;
    public Field<T, T7> F7 => last;

    public Fields<T, T1, T2, T3, T4, T5, T6, T7, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get) =>
        new(this, new(name, shape, get));

    public Fields<T, T1, T2, T3, T4, T5, T6, T7, TNext> With<TNext>(
        string name, Shape<TNext> shape, Func<T, TNext> get, byte since, TNext otherwise) =>
        new(this, new(name, shape, get, since, otherwise));

    public Shape<T> Make(Func<T1, T2, T3, T4, T5, T6, T7, T> make) =>
        new Record<T, T1, T2, T3, T4, T5, T6, T7>(Fields.NameOf(typeof(T)), this, make);
}

sealed class Fields<T, T1, T2, T3, T4, T5, T6, T7, T8>(
    Fields<T, T1, T2, T3, T4, T5, T6, T7> before, Field<T, T8> last)
{
    public Field<T, T1> F1 => before.F1;
    public Field<T, T2> F2 => before.F2;
    public Field<T, T3> F3 => before.F3;
    public Field<T, T4> F4 => before.F4;
    public Field<T, T5> F5 => before.F5;
    public Field<T, T6> F6 => before.F6;
    public Field<T, T7> F7 => before.F7;
    public Field<T, T8> F8 => last;

    public Shape<T> Make(Func<T1, T2, T3, T4, T5, T6, T7, T8, T> make) =>
        new Record<T, T1, T2, T3, T4, T5, T6, T7, T8>(Fields.NameOf(typeof(T)), this, make);
}
