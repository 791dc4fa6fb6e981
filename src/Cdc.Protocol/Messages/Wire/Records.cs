namespace Cdc.Protocol.Messages.Wire;

sealed class Record<T, T1>(
    string name, Fields<T, T1> fields, Func<T1, T> make)
    : Record<T>(name, fields.F1)
{
    readonly Field<T, T1> _f1 = fields.F1;

    public override void Write(ref WireWriter writer, T value)
    {
        _f1.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T1 v1 = _f1.Read(ref reader);
        return make(v1);
    }
}

sealed class Record<T, T1, T2>(
    string name, Fields<T, T1, T2> fields, Func<T1, T2, T> make)
    : Record<T>(name, fields.F1, fields.F2)
{
    readonly Field<T, T1> _f1 = fields.F1;
    readonly Field<T, T2> _f2 = fields.F2;

    public override void Write(ref WireWriter writer, T value)
    {
        _f1.Write(ref writer, value);
        _f2.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T1 v1 = _f1.Read(ref reader);
        T2 v2 = _f2.Read(ref reader);
        return make(v1, v2);
    }
}

sealed class Record<T, T1, T2, T3>(
    string name, Fields<T, T1, T2, T3> fields, Func<T1, T2, T3, T> make)
    : Record<T>(name, fields.F1, fields.F2, fields.F3)
{
    readonly Field<T, T1> _f1 = fields.F1;
    readonly Field<T, T2> _f2 = fields.F2;
    readonly Field<T, T3> _f3 = fields.F3;

    public override void Write(ref WireWriter writer, T value)
    {
        _f1.Write(ref writer, value);
        _f2.Write(ref writer, value);
        _f3.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T1 v1 = _f1.Read(ref reader);
        T2 v2 = _f2.Read(ref reader);
        T3 v3 = _f3.Read(ref reader);
        return make(v1, v2, v3);
    }
}

sealed class Record<T, T1, T2, T3, T4>(
    string name, Fields<T, T1, T2, T3, T4> fields, Func<T1, T2, T3, T4, T> make)
    : Record<T>(name, fields.F1, fields.F2, fields.F3, fields.F4)
{
    readonly Field<T, T1> _f1 = fields.F1;
    readonly Field<T, T2> _f2 = fields.F2;
    readonly Field<T, T3> _f3 = fields.F3;
    readonly Field<T, T4> _f4 = fields.F4;

    public override void Write(ref WireWriter writer, T value)
    {
        _f1.Write(ref writer, value);
        _f2.Write(ref writer, value);
        _f3.Write(ref writer, value);
        _f4.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T1 v1 = _f1.Read(ref reader);
        T2 v2 = _f2.Read(ref reader);
        T3 v3 = _f3.Read(ref reader);
        T4 v4 = _f4.Read(ref reader);
        return make(v1, v2, v3, v4);
    }
}

sealed class Record<T, T1, T2, T3, T4, T5>(
    string name, Fields<T, T1, T2, T3, T4, T5> fields, Func<T1, T2, T3, T4, T5, T> make)
    : Record<T>(name, fields.F1, fields.F2, fields.F3, fields.F4, fields.F5)
{
    readonly Field<T, T1> _f1 = fields.F1;
    readonly Field<T, T2> _f2 = fields.F2;
    readonly Field<T, T3> _f3 = fields.F3;
    readonly Field<T, T4> _f4 = fields.F4;
    readonly Field<T, T5> _f5 = fields.F5;

    public override void Write(ref WireWriter writer, T value)
    {
        _f1.Write(ref writer, value);
        _f2.Write(ref writer, value);
        _f3.Write(ref writer, value);
        _f4.Write(ref writer, value);
        _f5.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T1 v1 = _f1.Read(ref reader);
        T2 v2 = _f2.Read(ref reader);
        T3 v3 = _f3.Read(ref reader);
        T4 v4 = _f4.Read(ref reader);
        T5 v5 = _f5.Read(ref reader);
        return make(v1, v2, v3, v4, v5);
    }
}

sealed class Record<T, T1, T2, T3, T4, T5, T6>(
    string name, Fields<T, T1, T2, T3, T4, T5, T6> fields, Func<T1, T2, T3, T4, T5, T6, T> make)
    : Record<T>(name, fields.F1, fields.F2, fields.F3, fields.F4, fields.F5, fields.F6)
{
    readonly Field<T, T1> _f1 = fields.F1;
    readonly Field<T, T2> _f2 = fields.F2;
    readonly Field<T, T3> _f3 = fields.F3;
    readonly Field<T, T4> _f4 = fields.F4;
    readonly Field<T, T5> _f5 = fields.F5;
    readonly Field<T, T6> _f6 = fields.F6;

    public override void Write(ref WireWriter writer, T value)
    {
        _f1.Write(ref writer, value);
        _f2.Write(ref writer, value);
        _f3.Write(ref writer, value);
        _f4.Write(ref writer, value);
        _f5.Write(ref writer, value);
        _f6.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T1 v1 = _f1.Read(ref reader);
        T2 v2 = _f2.Read(ref reader);
        T3 v3 = _f3.Read(ref reader);
        T4 v4 = _f4.Read(ref reader);
        T5 v5 = _f5.Read(ref reader);
        T6 v6 = _f6.Read(ref reader);
        return make(v1, v2, v3, v4, v5, v6);
    }
}

sealed class Record<T, T1, T2, T3, T4, T5, T6, T7>(
    string name, Fields<T, T1, T2, T3, T4, T5, T6, T7> fields, Func<T1, T2, T3, T4, T5, T6, T7, T> make)
    : Record<T>(name, fields.F1, fields.F2, fields.F3, fields.F4, fields.F5, fields.F6, fields.F7)
{
    readonly Field<T, T1> _f1 = fields.F1;
    readonly Field<T, T2> _f2 = fields.F2;
    readonly Field<T, T3> _f3 = fields.F3;
    readonly Field<T, T4> _f4 = fields.F4;
    readonly Field<T, T5> _f5 = fields.F5;
    readonly Field<T, T6> _f6 = fields.F6;
    readonly Field<T, T7> _f7 = fields.F7;

    public override void Write(ref WireWriter writer, T value)
    {
        _f1.Write(ref writer, value);
        _f2.Write(ref writer, value);
        _f3.Write(ref writer, value);
        _f4.Write(ref writer, value);
        _f5.Write(ref writer, value);
        _f6.Write(ref writer, value);
        _f7.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T1 v1 = _f1.Read(ref reader);
        T2 v2 = _f2.Read(ref reader);
        T3 v3 = _f3.Read(ref reader);
        T4 v4 = _f4.Read(ref reader);
        T5 v5 = _f5.Read(ref reader);
        T6 v6 = _f6.Read(ref reader);
        T7 v7 = _f7.Read(ref reader);
        return make(v1, v2, v3, v4, v5, v6, v7);
    }
}

sealed class Record<T, T1, T2, T3, T4, T5, T6, T7, T8>(
    string name, Fields<T, T1, T2, T3, T4, T5, T6, T7, T8> fields, Func<T1, T2, T3, T4, T5, T6, T7, T8, T> make)
    : Record<T>(name, fields.F1, fields.F2, fields.F3, fields.F4, fields.F5, fields.F6, fields.F7, fields.F8)
{
    readonly Field<T, T1> _f1 = fields.F1;
    readonly Field<T, T2> _f2 = fields.F2;
    readonly Field<T, T3> _f3 = fields.F3;
    readonly Field<T, T4> _f4 = fields.F4;
    readonly Field<T, T5> _f5 = fields.F5;
    readonly Field<T, T6> _f6 = fields.F6;
    readonly Field<T, T7> _f7 = fields.F7;
    readonly Field<T, T8> _f8 = fields.F8;

    public override void Write(ref WireWriter writer, T value)
    {
        _f1.Write(ref writer, value);
        _f2.Write(ref writer, value);
        _f3.Write(ref writer, value);
        _f4.Write(ref writer, value);
        _f5.Write(ref writer, value);
        _f6.Write(ref writer, value);
        _f7.Write(ref writer, value);
        _f8.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T1 v1 = _f1.Read(ref reader);
        T2 v2 = _f2.Read(ref reader);
        T3 v3 = _f3.Read(ref reader);
        T4 v4 = _f4.Read(ref reader);
        T5 v5 = _f5.Read(ref reader);
        T6 v6 = _f6.Read(ref reader);
        T7 v7 = _f7.Read(ref reader);
        T8 v8 = _f8.Read(ref reader);
        return make(v1, v2, v3, v4, v5, v6, v7, v8);
    }
}
